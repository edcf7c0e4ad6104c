import AttachReport
import Testing

@testable import AttachCore

/// Maps of blocks, as any allocator may have them.
struct BlockMapTests {
    /// An allocator whose blocks follow each other without headers and begin at multiples of 8.
    private struct Slab: BlockMap {
        static let start: UInt64 = 0x7000_0000_0000
        let map: HeapMap
        var extents: [Range<UInt64>] { [Self.start..<Self.start + 0x4000] }
        var bookkeeping: [Range<UInt64>] { [] }

        init(sizes: [UInt64], free: Set<Int> = []) {
            var map = HeapMap(hasSmallGranule: true)
            let isWhole = map.add(Self.start, Self.start + 0x4000) { add in
                var place = Self.start
                for (index, size) in sizes.enumerated() {
                    add(place, !free.contains(index))
                    place += size
                }
                return true
            }
            #expect(isWhole)
            self.map = map
        }
    }

    @Test func blocksOfEightBytes() {
        let map = Slab(sizes: [8, 8, 24, 4096, 40], free: [1]).map
        let starts = [0, 8, 16, 40, 4136].map { Slab.start + $0 }
        #expect(map.blockCount == 4)
        for (start, size) in [(starts[0], 8), (starts[2], 24), (starts[3], 4096)] {
            #expect(map.block(from: start).map { map.size(of: $0) } == UInt64(size))
            #expect(map.block(at: start + UInt64(size) - 1)?.address == start)
        }
        #expect(map.block(at: starts[1]) == nil)
        #expect(map.anyBlock(at: starts[1]).map { map.size(of: $0) } == 8)
        // The last one reaches to the end.
        #expect(map.block(from: starts[4]).map { map.size(of: $0) } == 0x4000 - 4136)
        var seen: [UInt64] = []
        map.eachBlock { seen.append($0.address) }
        #expect(seen == [starts[0], starts[2], starts[3], starts[4]])
    }

    /// Sizes are those between one beginning and the next, whatever lies between in the bitmap.
    @Test(arguments: [false, true])
    func sizesAreTold(hasSmallGranule: Bool) {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        var random = seed | 1
        func next(_ limit: UInt64) -> UInt64 {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return random % limit
        }
        var map = HeapMap(hasSmallGranule: hasSmallGranule)
        let start: UInt64 = 0x10_0000
        var sizes: [UInt64] = []
        for _ in 0..<500 {
            let limit: UInt64 = next(10) == 0 ? 3000 : 12
            sizes.append((2 + next(limit)) * map.granule)
        }
        let end = start + sizes.reduce(0, +)
        let isWhole = map.add(start, end, overhead: 8) { add in
            var place = start
            for size in sizes {
                add(place, true)
                place += size
            }
            return true
        }
        #expect(isWhole)
        var place = start
        for size in sizes {
            let found = map.block(from: place).map { map.size(of: $0) }
            #expect(found == size - 8, "seed \(seed)")
            #expect(map.block(at: place + size - 1)?.address == place, "seed \(seed)")
            place += size
        }
    }

    @Test func pointersIntoThemAreFollowed() {
        let blocks = Slab(sizes: [8, 8, 24, 8, 8])
        let starts = [0, 8, 16, 40, 48].map { Slab.start + $0 }
        var memory = MemoryBuilder()
        for place in stride(from: Slab.start, to: Slab.start + 0x4000, by: 8) {
            memory.put(place, 0)
        }
        memory.put(starts[0], starts[3])
        memory.put(starts[3], starts[2] + 17)
        memory.put(starts[2] + 16, starts[4] | 0xff << 56)
        memory.put(0x6000_0000_0000, starts[0])
        var reach = Reachability(blocks.map, memory.memory())
        for start in starts {
            let isWatched = reach.watch(start)
            #expect(isWatched)
        }
        reach.add(0x6000_0000_0000..<0x6000_0000_0008)
        var reached: Set<UInt64> = []
        reach.search { _, block, _ in
            reached.insert(block)
            return .follow
        }
        #expect(reached == [starts[0], starts[3], starts[2], starts[4]])
    }
}
