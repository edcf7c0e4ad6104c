/// Walks the heap of glibc's `malloc` as it is laid out (`GlibcHeapLayout`). Under 2.43 blocks in the
/// cache of a thread count as in use.
///
/// A stretch of memory counts as heap only if the sizes of all its chunks lead exactly from its
/// beginning to its end. Whatever else memory holds, blocks mapped one by one and other allocators
/// among it, is no heap; who searches it takes all of it to be in use.
struct GlibcHeap: BlockMap {
    /// The blocks.
    private(set) var map = HeapMap()
    /// Where the words lie that say which chunks are on the lists of free ones.
    private var arenas: [UInt64] = []
    /// How they lie there.
    private var state = Layout.Arena.withFastBins

    private typealias Layout = GlibcHeapLayout

    /// What the allocator keeps of free chunks: addresses of chunks, which are no pointers to the
    /// blocks that end there.
    var bookkeeping: [Range<UInt64>] { arenas.map { $0..<$0 &+ state.size } }

    /// The chunks, each with its header, which begins before its block.
    var extents: [Range<UInt64>] {
        map.regions.map { $0.start &- Layout.header..<$0.end &- Layout.header }
    }

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
            && map.region(at: segment.start &+ Layout.header) == nil
        {
            WordSearch.each(top, in: segment) { place in
                // The list of unsorted chunks follows `top` and `last_remainder`; as a chunk it
                // would begin at `top`.
                if let next = reader.word(place, Layout.nextFree),
                    let previous = reader.word(place, Layout.previousFree),
                    place > state.top, (next == place) == (previous == place),
                    next == place || reader.word(next, Layout.previousFree) == place
                {
                    arena = place &- state.top
                }
                return arena == nil
            }
        }
        return arena
    }

    private mutating func addThreadHeaps(_ mapping: Mapping, _ reader: inout WordReader) {
        var (heap, overflow) = mapping.start.addingReportingOverflow(Layout.heapAlignment - 1)
        heap &= ~(Layout.heapAlignment - 1)
        while !overflow, heap < mapping.end, map.regions.count < Self.mostHeaps {
            addThreadHeap(heap, limit: mapping.end, &reader)
            (heap, overflow) = heap.addingReportingOverflow(Layout.heapAlignment)
        }
    }

    private mutating func addThreadHeap(
        _ heap: UInt64, limit: UInt64, _ reader: inout WordReader
    ) {
        guard let arena = reader.word(heap, Layout.heapArena),
            let previous = reader.word(heap, Layout.heapPrevious),
            let size = reader.word(heap, Layout.heapSize),
            let writable = reader.word(heap, Layout.heapWritable),
            size >= Layout.pageSize, size % Layout.pageSize == 0, size <= Layout.heapAlignment,
            size <= limit &- heap,
            writable >= size
        else { return }
        for information in Layout.informationSizes {
            let isFirst = arena == heap &+ information
            guard isFirst == (previous == 0) else { continue }
            for state in isFirst ? states : [state] {
                let data = heap &+ information &+ (isFirst ? state.size : 0)
                let chunk = (data &+ Layout.alignment &- 1) & ~(Layout.alignment &- 1)
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
    private var states: [Layout.Arena] {
        arenas.isEmpty ? [.withFastBins, .withoutFastBins] : [state]
    }

    // MARK: Chunks

    /// Adds the chunks of a heap; the last of them, which is not in use, where all is well.
    private mutating func addChunks(
        _ start: UInt64, _ end: UInt64, isOfThread: Bool, _ reader: inout WordReader
    ) -> UInt64? {
        guard start % Layout.alignment == 0, end % Layout.alignment == 0, start < end else {
            return nil
        }
        var last: UInt64?
        let isWhole = map.add(
            start &+ Layout.header, end &+ Layout.header, overhead: Layout.overhead
        ) { add in
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
            guard chunk <= end &- Layout.header, let word = reader.word(chunk, Layout.size) else {
                return nil
            }
            let size = word & ~Layout.flags
            let wasUsed = word & Layout.previousInUse != 0
            if let before {
                let length = chunk &- before.chunk
                if wasUsed {
                    guard (before.word & Layout.isOfThread != 0) == isOfThread else { return nil }
                } else {
                    guard reader.word(chunk, Layout.previousSize) == length else { return nil }
                }
                add(before.chunk &+ Layout.header, wasUsed)
            } else if !wasUsed {
                return nil
            }
            // A heap that is not its arena's last ends in two marks of no size.
            if isOfThread, size == Layout.header,
                chunk == end &- 2 &* Layout.header || chunk == end &- Layout.header
            {
                add(chunk &+ Layout.header, false)
                return chunk
            }
            guard word & Layout.isMapped == 0, size % Layout.alignment == 0,
                size >= Layout.smallestChunk,
                size <= end &- chunk
            else { return nil }
            if size == end &- chunk {
                add(chunk &+ Layout.header, false)
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
            if let word = reader.word(block.address &- Layout.sizeBeforeBlock),
                word & ~Layout.flags == Layout.Cache.chunkSize
            {
                caches.append(block.address)
            }
        }
        for cache in caches {
            for address in ThreadCache.blocks(of: cache, map, &reader) {
                if let block = map.block(from: address) { _ = map.free(block) }
            }
        }
        guard let bins = state.fastBins else { return }
        for arena in arenas { freeFastBins(arena &+ bins, &reader) }
    }

    /// Chunks of one size each, chained by what stands where their data was.
    private mutating func freeFastBins(_ bins: UInt64, _ reader: inout WordReader) {
        for bin in 0..<Layout.fastBinCount {
            guard var chunk = reader.word(bins, bin &* 8) else { return }
            while chunk != 0 {
                let address = chunk &+ Layout.header
                guard chunk % Layout.alignment == 0, let block = map.block(from: address),
                    reader.word(chunk, Layout.size).map({ $0 & ~Layout.flags })
                        == Layout.chunkSize(ofBin: bin),
                    let link = reader.word(address), map.free(block)
                else { break }
                let next = link ^ (address >> Layout.mangleShift)
                chunk = next % Layout.alignment == 0 ? next : link
            }
        }
    }
}

/// A thread's cache of free blocks: lists of blocks of one size each.
enum ThreadCache {
    private typealias Heap = GlibcHeapLayout
    private typealias Layout = GlibcHeapLayout.Cache

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
        for bin in 0..<Layout.bins {
            let place = cache &+ Layout.counts &+ bin &* Layout.countSize
            guard let count = reader.load(place, as: UInt16.self),
                var block = reader.word(cache, Layout.lists &+ bin &* 8)
            else { return nil }
            for _ in 0..<count {
                guard blocks.count < mostBlocks, block % Heap.alignment == 0, block != 0,
                    map.block(from: block) != nil,
                    reader.word(block &- Heap.sizeBeforeBlock).map({ $0 & ~Heap.flags })
                        == Heap.chunkSize(ofBin: bin),
                    let mark = reader.word(block, Layout.key), mark != 0,
                    key == nil || key == mark, let link = reader.word(block, Layout.next)
                else { return nil }
                key = mark
                blocks.append(block)
                block = isMangled ? link ^ (block >> Heap.mangleShift) : link
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
