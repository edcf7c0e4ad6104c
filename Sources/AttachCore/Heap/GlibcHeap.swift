/// Walks the heap of glibc's `malloc` as it is laid out (malloc/malloc.c, malloc/arena.c; what is
/// read here is the same in 2.31 to 2.41; 2.43 has smaller arenas, and there blocks in the cache of
/// a thread count as in use).
///
/// A stretch of memory counts as heap only if the sizes of all its chunks lead exactly from its
/// beginning to its end. Whatever else memory holds, blocks mapped one by one and other allocators
/// among it, is no heap; who searches it takes all of it to be in use.
struct GlibcHeap {
    /// The blocks.
    private(set) var map = HeapMap()
    /// Where the words lie that say which chunks are on the lists of free ones.
    private var arenas: [UInt64] = []
    /// How they lie there.
    private var state = ArenaState.withFastBins

    /// What the allocator keeps of free chunks: addresses of chunks, which are no pointers to the
    /// blocks that end there.
    var bookkeeping: [Range<UInt64>] { arenas.map { $0..<$0 &+ state.size } }

    /// `struct malloc_state`.
    private struct ArenaState {
        /// All of it, in bytes.
        let size: UInt64
        /// Where it says which chunk is the last.
        let top: UInt64
        /// Whether there are lists for small chunks, before `top`.
        let hasFastBins: Bool

        /// Since 2.27.
        static let withFastBins = ArenaState(size: 0x898, top: 96, hasFastBins: true)
        /// As it lies in the memory of processes under 2.43.
        static let withoutFastBins = ArenaState(size: 0x840, top: 8, hasFastBins: false)
    }

    /// `PREV_INUSE`, `IS_MMAPPED`, `NON_MAIN_ARENA`.
    static let previousInUse: UInt64 = 1
    private static let isMapped: UInt64 = 2
    private static let isOfThread: UInt64 = 4
    static let flags: UInt64 = 7
    static let smallestChunk: UInt64 = 32
    /// From a chunk to what `malloc` returns of it.
    static let header: UInt64 = 16

    /// `HEAP_MAX_SIZE`: arenas other than the main one are made of heaps that lie at multiples of
    /// it.
    private static let heapAlignment: UInt64 = 64 << 20
    /// `sizeof(heap_info)` since 2.35, and before.
    private static let informationSizes: [UInt64] = [48, 32]
    private static let mostHeaps = 16_384

    init(mappings: [Mapping], memory: TargetMemory) {
        var reader = WordReader(memory)
        // Those of threads first: there the arena stands at the beginning and shows how it lies.
        let plain = mappings.filter(\.isPlainMemory)
        for mapping in plain where mapping.path != "[heap]" { addThreadHeaps(mapping, &reader) }
        for mapping in plain where mapping.path == "[heap]" {
            addMainHeap(mapping, memory, &reader)
        }
        freeCached(&reader)
    }

    // MARK: Heaps

    private mutating func addMainHeap(
        _ mapping: Mapping, _ memory: TargetMemory, _ reader: inout WordReader
    ) {
        guard let top = addChunks(mapping.start, mapping.end, isOfThread: false, &reader),
            let arena = mainArena(top: top, memory, &reader)
        else { return }
        arenas.append(arena)
    }

    /// `main_arena`, a variable of libc: it holds the address of the last chunk, and lists that
    /// are empty where they hold their own address.
    private func mainArena(
        top: UInt64, _ memory: TargetMemory, _ reader: inout WordReader
    ) -> UInt64? {
        var arena: UInt64?
        for segment in memory.segments
        where segment.isCaptured && segment.isWritable && arena == nil
            && map.region(at: segment.start &+ Self.header) == nil
        {
            WordSearch.each(top, in: segment) { place in
                // The list of unsorted chunks follows `top` and `last_remainder`; as a chunk it
                // would begin at `top`.
                if let next = reader.word(place, 16), let previous = reader.word(place, 24),
                    place > state.top, (next == place) == (previous == place),
                    next == place || reader.word(next, 24) == place
                {
                    arena = place &- state.top
                }
                return arena == nil
            }
        }
        return arena
    }

    private mutating func addThreadHeaps(_ mapping: Mapping, _ reader: inout WordReader) {
        var (heap, overflow) = mapping.start.addingReportingOverflow(Self.heapAlignment - 1)
        heap &= ~(Self.heapAlignment - 1)
        while !overflow, heap < mapping.end, map.regions.count < Self.mostHeaps {
            addThreadHeap(heap, limit: mapping.end, &reader)
            (heap, overflow) = heap.addingReportingOverflow(Self.heapAlignment)
        }
    }

    private mutating func addThreadHeap(
        _ heap: UInt64, limit: UInt64, _ reader: inout WordReader
    ) {
        // `heap_info`: its arena, the heap before it in that arena, its size.
        guard let arena = reader.word(heap), let previous = reader.word(heap, 8),
            let size = reader.word(heap, 16), let writable = reader.word(heap, 24),
            size >= 4096, size & 4095 == 0, size <= Self.heapAlignment, size <= limit &- heap,
            writable >= size
        else { return }
        for information in Self.informationSizes {
            let isFirst = arena == heap &+ information
            guard isFirst == (previous == 0) else { continue }
            for state in isFirst ? states : [state] {
                let data = heap &+ information &+ (isFirst ? state.size : 0)
                let chunk = (data &+ 15) & ~15
                guard addChunks(chunk, heap &+ size, isOfThread: true, &reader) != nil else {
                    continue
                }
                if isFirst {
                    arenas.append(arena)
                    self.state = state
                }
                return
            }
        }
    }

    /// What arenas may be like: like those that have been seen, if any have.
    private var states: [ArenaState] {
        arenas.isEmpty ? [.withFastBins, .withoutFastBins] : [state]
    }

    // MARK: Chunks

    /// Adds the chunks of a heap; the last of them, which is not in use, where all is well.
    private mutating func addChunks(
        _ start: UInt64, _ end: UInt64, isOfThread: Bool, _ reader: inout WordReader
    ) -> UInt64? {
        guard start & 15 == 0, end & 15 == 0, start < end else { return nil }
        var last: UInt64?
        let isWhole = map.add(start &+ Self.header, end &+ Self.header) { add in
            last = Self.eachChunk(start, end, isOfThread: isOfThread, &reader, add)
            return last != nil
        }
        return isWhole ? last : nil
    }

    private static func eachChunk(
        _ start: UInt64, _ end: UInt64, isOfThread: Bool, _ reader: inout WordReader,
        _ add: (UInt64, Bool) -> Void
    ) -> UInt64? {
        var chunk = start
        var before: (chunk: UInt64, word: UInt64)?
        while true {
            guard chunk <= end &- 16, let word = reader.word(chunk, 8) else { return nil }
            let size = word & ~Self.flags
            let wasUsed = word & previousInUse != 0
            if let before {
                let length = chunk &- before.chunk
                if wasUsed {
                    guard (before.word & Self.isOfThread != 0) == isOfThread else { return nil }
                } else {
                    guard reader.word(chunk) == length else { return nil }
                }
                add(before.chunk &+ header, wasUsed)
            } else if !wasUsed {
                return nil
            }
            // A heap that is not its arena's last ends in two marks of no size.
            if isOfThread, size == 16, chunk == end &- 32 || chunk == end &- 16 {
                add(chunk &+ header, false)
                return chunk
            }
            guard word & isMapped == 0, size & 15 == 0, size >= smallestChunk,
                size <= end &- chunk
            else { return nil }
            if size == end &- chunk {
                add(chunk &+ header, false)
                return chunk
            }
            before = (chunk, word)
            chunk &+= size
        }
    }

    // MARK: Chunks that are free, though their neighbours say otherwise

    private mutating func freeCached(_ reader: inout WordReader) {
        var caches: [UInt64] = []
        map.eachBlock { block in
            if let word = reader.word(block.address &- 8), word & ~Self.flags == ThreadCache.size {
                caches.append(block.address)
            }
        }
        for cache in caches {
            for address in ThreadCache.blocks(of: cache, map, &reader) {
                if let block = map.block(from: address) { _ = map.free(block) }
            }
        }
        guard state.hasFastBins else { return }
        for arena in arenas { freeFastBins(of: arena, &reader) }
    }

    /// `fastbinsY`: chunks of one size each, chained by what stands where their data was.
    private mutating func freeFastBins(of arena: UInt64, _ reader: inout WordReader) {
        for bin in 0..<UInt64(10) {
            guard var chunk = reader.word(arena, 16 &+ bin &* 8) else { return }
            while chunk != 0 {
                let address = chunk &+ Self.header
                guard chunk & 15 == 0, let block = map.block(from: address),
                    reader.word(chunk, 8).map({ $0 & ~Self.flags }) == 32 &+ bin &* 16,
                    let link = reader.word(address), map.free(block)
                else { break }
                // Links have been mangled since 2.32 (`PROTECT_PTR`).
                let next = link ^ (address >> 12)
                chunk = next & 15 == 0 ? next : link
            }
        }
    }
}

/// A thread's cache of free blocks (`tcache_perthread_struct`): 64 counts of 16 bits, then 64
/// lists of blocks of one size each.
enum ThreadCache {
    /// The size of its chunk.
    static let size: UInt64 = 0x290
    private static let bins: UInt64 = 64
    private static let mostBlocks = 4096

    /// The blocks in the cache that may lie at `cache`; none where anything is amiss.
    static func blocks(
        of cache: UInt64, _ map: HeapMap, _ reader: inout WordReader
    ) -> [UInt64] {
        blocks(of: cache, isMangled: true, map, &reader)
            ?? blocks(of: cache, isMangled: false, map, &reader) ?? []
    }

    private static func blocks(
        of cache: UInt64, isMangled: Bool, _ map: HeapMap, _ reader: inout WordReader
    ) -> [UInt64]? {
        var blocks: [UInt64] = []
        var key: UInt64?
        for bin in 0..<bins {
            guard let count = reader.load(cache &+ bin &* 2, as: UInt16.self),
                var block = reader.word(cache, 128 &+ bin &* 8)
            else { return nil }
            for _ in 0..<count {
                guard blocks.count < mostBlocks, block & 15 == 0, block != 0,
                    map.block(from: block) != nil,
                    reader.word(block &- 8).map({ $0 & ~GlibcHeap.flags }) == 32 &+ bin &* 16,
                    let mark = reader.word(block, 8), mark != 0, key == nil || key == mark,
                    let link = reader.word(block)
                else { return nil }
                key = mark
                blocks.append(block)
                block = isMangled ? link ^ (block >> 12) : link
            }
            guard block == 0 else { return nil }
        }
        return Set(blocks).count == blocks.count ? blocks : nil
    }
}

extension Mapping {
    /// Private memory without a file that can be written.
    fileprivate var isPlainMemory: Bool {
        isWritable && isReadable && !isShared && !isFile
            && (path.isEmpty || path == "[heap]" || path.hasPrefix("[anon"))
    }
}
