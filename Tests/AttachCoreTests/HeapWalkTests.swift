import AttachReport
import Testing

@testable import AttachCore

/// The walk over glibc's heap, where memory says the truth and where it does not.
struct HeapWalkTests {
    private static let start: UInt64 = 0x5555_0000_0000
    private static let end = start + 0x1000

    private static let mapping = mapping("[heap]", start..<end)

    private static func mapping(_ path: String, _ range: Range<UInt64>) -> Mapping {
        Mapping(
            start: range.lowerBound, end: range.upperBound, isReadable: true, isWritable: true,
            isExecutable: false, isShared: false, fileOffset: 0, device: 0, inode: 0, path: path)
    }

    /// Chunks of these sizes with their flags, one after another, and a last one up to the end.
    private func heap(_ words: [UInt64]) -> MemoryBuilder {
        var memory = MemoryBuilder()
        for address in stride(from: Self.start, to: Self.end, by: 8) { memory.put(address, 0) }
        var chunk = Self.start
        for word in words {
            memory.put(chunk + 8, word)
            chunk += word & ~7
        }
        memory.put(chunk + 8, Self.end - chunk | 1)
        return memory
    }

    private func walk(_ memory: MemoryBuilder, _ mappings: [Mapping] = [mapping]) -> HeapMap {
        GlibcHeap(mappings: mappings, memory: memory.memory()).map
    }

    @Test func blocksInUse() {
        // The third is free: the fourth says so, and how large it is.
        var memory = heap([0x21, 0x31, 0x41, 0x20, 0x51])
        memory.put(Self.start + 0x90, 0x40)
        let map = walk(memory)
        #expect(map.blockCount == 4)
        let first = Self.start + 16
        #expect(map.block(at: first)?.address == first)
        #expect(map.block(at: first + 0x17)?.address == first)
        #expect(map.block(at: first + 0x20)?.address == first + 0x20)
        #expect(map.block(at: first + 0x48)?.address == first + 0x20)
        #expect(map.block(at: first + 0x58) == nil)
        #expect(map.block(from: first + 8) == nil)
        #expect(map.block(at: Self.start) == nil)
        #expect(map.block(at: Self.end - 64) == nil)
        #expect(map.block(at: .max) == nil)
    }

    /// Of a large block every address leads to its beginning, however far that lies behind.
    @Test func aLargeBlock() {
        let map = walk(heap([0x21, 0xe01, 0x21]))
        let block = Self.start + 16 + 0x20
        for offset in stride(from: UInt64(0), to: 0xe00, by: 8) {
            #expect(map.block(at: block + offset)?.address == block)
        }
    }

    /// Wherever sizes do not lead from the beginning to the end there is no heap.
    @Test(
        arguments: [
            // No size; too small; no multiple of 16; beyond the end; wrapping; mapped; of a thread.
            [0x21, 0x1], [0x21, 0x11], [0x21, 0x29], [0x21, 0x2001], [0x21, 0xffff_ffff_ffff_fff1],
            [0x21, 0x33], [0x25, 0x31],
            // The first has nothing before it; a free one whose size nobody repeats.
            [0x20, 0x31], [0x21, 0x31, 0x40],
        ] as [[UInt64]])
    func whatDoesNotAddUp(words: [UInt64]) {
        var memory = MemoryBuilder()
        for address in stride(from: Self.start, to: Self.end, by: 8) { memory.put(address, 0) }
        var chunk = Self.start
        for word in words where chunk < Self.end - 16 {
            memory.put(chunk + 8, word)
            chunk = chunk &+ word & ~7
        }
        #expect(walk(memory).regions.isEmpty)
    }

    @Test func missingMemory() {
        #expect(walk(MemoryBuilder()).regions.isEmpty)
        var memory = MemoryBuilder()
        memory.put(Self.start, 0, 0x21)
        #expect(walk(memory).regions.isEmpty)
    }

    @Test func heapsThatOverlap() {
        let map = walk(heap([0x21, 0x31]), [Self.mapping, Self.mapping])
        #expect(map.regions.count == 1)
        #expect(map.blockCount == 2)
    }

    /// A thread's cache: one block of 32 bytes, whose link is mangled with its own address.
    @Test func cachedBlocksAreFree() {
        var memory = heap([0x21, 0x291, 0x21, 0x21])
        let cache = Self.start + 0x20 + 16
        let block = Self.start + 0x20 + 0x290 + 16
        memory.put(cache, 1)
        memory.put(cache + 128, block)
        memory.put(block, block >> 12, 0x1234)
        let map = walk(memory)
        #expect(map.block(from: block) == nil)
        #expect(map.blockCount == 3)
        // One that is chained to itself, or bears no key, or is counted twice, is believed nothing.
        for (link, key, count) in [
            (block ^ (block >> 12), 0x1234, 2), (block >> 12, 0, 1), (block >> 12, 0x1234, 2),
        ] as [(UInt64, UInt64, UInt64)] {
            memory.put(block, link, key)
            memory.put(cache, count)
            #expect(walk(memory).blockCount == 4)
        }
    }

    /// Pointers are followed with marks in their outer bits and from every multiple of four; what
    /// refers to itself is searched once.
    @Test func whatIsReached() {
        var memory = heap([0x21, 0x21, 0x21, 0x21, 0x21])
        let blocks = (0..<5).map { Self.start + 16 + UInt64($0) * 0x20 }
        memory.put(blocks[0], blocks[1] | 5 | 0xab << 56)
        memory.put(blocks[1], 0, blocks[2] << 32, blocks[2] >> 32)
        memory.put(blocks[2], blocks[0])
        memory.put(blocks[3], blocks[3])
        let root: UInt64 = 0x6000_0000_0000
        memory.put(root, blocks[0] + 12)
        let target = memory.memory()
        var reach = Reachability(
            GlibcHeap(mappings: [Self.mapping], memory: target).map, target)
        for block in blocks {
            let isWatched = reach.watch(block)
            #expect(isWatched)
        }
        reach.add(root..<root + 8)
        var reached: Set<UInt64> = []
        reach.search { _, block, _ in
            reached.insert(block)
            return .follow
        }
        #expect(reached == Set(blocks[0...2]))
    }

    /// A pointer is found at every byte if one asks for it, whole and without marks.
    @Test(arguments: UInt64(0)..<8)
    func packedPointers(offset: UInt64) {
        var memory = heap([0x21, 0x21, 0x21, 0x21])
        let blocks = (0..<4).map { Self.start + 16 + UInt64($0) * 0x20 }
        let root: UInt64 = 0x6000_0000_0000
        for (place, target) in [(root, blocks[0]), (blocks[0], blocks[1])] {
            let shift = offset * 8
            memory.put(place, target << shift, shift == 0 ? 0 : target >> (64 - shift), 0)
        }
        memory.seams = [root + 8]
        let target = memory.memory()
        var reach = Reachability(
            GlibcHeap(mappings: [Self.mapping], memory: target).map, target)
        var reached: Set<UInt64> = []
        for block in blocks {
            let isWatched = reach.watch(block)
            #expect(isWatched)
        }
        reach.add(root..<root + 24)
        let note: (UInt64, UInt64, Reachability.Place) -> Reachability.Verdict = { _, block, _ in
            reached.insert(block)
            return .follow
        }
        reach.search(note)
        #expect(reached == (offset % 4 == 0 ? Set(blocks[0...1]) : []))
        // Each block is looked at once in a pass.
        for _ in 0..<2 {
            reach.searchPacked(note)
            reach.search(note)
        }
        #expect(reached == Set(blocks[0...1]))
        #expect(reach.reachedCount == 2)
    }

    @Test func whatTheKernelKeeps() {
        let events = """
            pos:\t0
            flags:\t02
            tfd:        5 events:       19 data:     7f12aa001020  pos:0 ino:61af sdev:7
            tfd:       17 events:       1b data: ffffffffffffffff  pos:0 ino:1 sdev:7
            tfd: data:
            """
        #expect(KernelReferences.eventData(Array(events.utf8)) == [0x7f12_aa00_1020, .max])
        #expect(
            KernelReferences.timerData("ID: 0\nsignal: 60/00007fff86e452a8\nnotify: signal/pid.1")
                == [0x7fff_86e4_52a8])
        let counter = "pos:\t0\nflags:\t02\neventfd-count:     7f12aa001020\neventfd-id: 3\n"
        #expect(KernelReferences.counterValue(counter) == 0x7f12_aa00_1020)
        #expect(KernelReferences.counterValue("eventfd-count:") == nil)
        #expect(KernelReferences.counterValue("pos:\t7") == nil)
    }

    @Test func stringsOfNames() {
        var memory = MemoryBuilder()
        // "wait()" in the words themselves; then a literal.
        memory.put(0x1000, 0x2928_7469_6177, 0xe600_0000_0000_0000)
        memory.put(0x2000, 0xd000_0000_0000_0006, 0x8000_0000_0000_3000 - 32)
        memory.put(0x3000, string: "wait()")
        memory.put(0x4000, 0xd000_0000_ffff_ffff, 0x8000_0000_0000_3000)
        memory.put(0x5000, 6, 0x8000_ffff_ffff_fff0)
        var reader = WordReader(memory.memory())
        #expect(SwiftString.read(0x1000, &reader) == "wait()")
        #expect(SwiftString.read(0x2000, &reader) == "wait()")
        #expect(SwiftString.read(0x4000, &reader) == nil)
        #expect(SwiftString.read(0x5000, &reader) == nil)
        #expect(SwiftString.read(0x9000, &reader) == nil)
    }
}
