/// Which blocks the allocator has handed out, as bitmaps: a bit for every 16 or 8 bytes, which is
/// how blocks are aligned. A gigabyte takes 32 or 64 megabytes, however small its blocks are.
///
/// Addresses are those that the allocator returns; a block reaches to where the next one begins,
/// less what the allocator has there for itself.
struct HeapMap {
    /// A stretch of blocks without a gap.
    struct Region: Hashable {
        /// The first block's address.
        var start: UInt64
        /// One past the last block.
        var end: UInt64
        /// Number of its first bit.
        var firstBit: Int
        /// Bytes at the end of each block that are the allocator's.
        var overhead: UInt64
    }

    /// Blocks begin at multiples of this: 8 or 16 bytes.
    var granule: UInt64 { 1 << shift }
    private let shift: UInt64
    private let bitsPerPage: Int
    private let wordsPerPage: Int
    /// As many bytes as can be numbered.
    let limit: UInt64

    /// A map of nothing yet, of blocks that begin at multiples of 16 bytes, or else of 8.
    init(hasSmallGranule: Bool = false) {
        shift = hasSmallGranule ? 3 : 4
        bitsPerPage = 4096 >> shift
        wordsPerPage = bitsPerPage / 64
        limit = 1 << (31 + shift)
    }

    /// By address.
    private(set) var regions: [Region] = []
    /// Blocks in use.
    private(set) var blockCount = 0
    private var bitCount = 0
    private var starts: [UInt64] = []
    private var used: [UInt64] = []
    private var marked: [UInt64] = []
    private var watched: [UInt64] = []
    /// For each 4 KiB the last block that begins before it, so that no search is long.
    private var lastStart: [UInt32] = []

    /// Bytes in all regions.
    var size: UInt64 { regions.reduce(0) { $0 &+ ($1.end &- $1.start) } }

    // MARK: Making one

    /// Adds blocks, each given by its address and whether it is in use, that fill a region.
    ///
    /// - Parameter overhead: Bytes between the end of a block and where the next one begins.
    mutating func add(
        _ start: UInt64, _ end: UInt64, overhead: UInt64 = 0,
        _ blocks: (_ add: (UInt64, Bool) -> Void) -> Bool
    ) -> Bool {
        guard start < end, start % granule == 0, end % granule == 0,
            size &+ (end &- start) <= limit,
            regions.allSatisfy({ end <= $0.start || start >= $0.end })
        else { return false }
        let firstBit = bitCount
        let pages = (Int((end - start) >> shift) + bitsPerPage - 1) / bitsPerPage
        let words = starts.count
        var newStarts = [UInt64](repeating: 0, count: pages * wordsPerPage)
        var newUsed = newStarts
        var count = 0
        let isWhole = blocks { address, isUsed in
            let bit = Int((address &- start) >> shift)
            guard bit >= 0, bit < pages * bitsPerPage else { return }
            newStarts[bit >> 6] |= 1 << UInt64(bit & 63)
            if isUsed {
                newUsed[bit >> 6] |= 1 << UInt64(bit & 63)
                count += 1
            }
        }
        guard isWhole else { return false }
        starts += newStarts
        used += newUsed
        marked += [UInt64](repeating: 0, count: pages * wordsPerPage)
        watched += [UInt64](repeating: 0, count: pages * wordsPerPage)
        var last = UInt32(firstBit)
        for page in 0..<pages {
            lastStart.append(last)
            for word in (0..<wordsPerPage).reversed() {
                let index = words + page * wordsPerPage + word
                guard starts[index] != 0 else { continue }
                last = UInt32(index * 64 + 63 - starts[index].leadingZeroBitCount)
                break
            }
        }
        bitCount += pages * bitsPerPage
        blockCount += count
        let place = regions.firstIndex { $0.start > start } ?? regions.count
        regions.insert(
            Region(start: start, end: end, firstBit: firstBit, overhead: overhead), at: place)
        return true
    }

    // MARK: Blocks

    /// A block: the number of its first bit, and its address.
    struct Block: Hashable {
        var bit: Int
        var address: UInt64
    }

    /// The block in use that an address lies in.
    @inline(__always)
    func block(at address: UInt64) -> Block? {
        guard let block = anyBlock(at: address), isSet(used, block.bit) else { return nil }
        return block
    }

    /// The block in use that begins at an address.
    func block(from address: UInt64) -> Block? {
        guard let block = block(at: address), block.address == address else { return nil }
        return block
    }

    /// The block that an address lies in, in use or not.
    func anyBlock(at address: UInt64) -> Block? {
        guard let region = region(at: address) else { return nil }
        let bit = region.firstBit + Int((address &- region.start) >> shift)
        let word = bit >> 6
        var start = Int(lastStart[bit / bitsPerPage])
        let bits = starts[word] & (UInt64.max >> UInt64(63 - bit & 63))
        if bits != 0 {
            start = word * 64 + 63 - bits.leadingZeroBitCount
        } else {
            var before = word
            while before & (wordsPerPage - 1) != 0 {
                before -= 1
                guard starts[before] == 0 else {
                    start = before * 64 + 63 - starts[before].leadingZeroBitCount
                    break
                }
            }
        }
        return Block(
            bit: start, address: region.start &+ UInt64(start - region.firstBit) << shift)
    }

    /// Bytes of a block that are for whoever has it.
    func size(of block: Block) -> UInt64 {
        guard let region = region(at: block.address) else { return 0 }
        let last = region.firstBit + Int((region.end &- region.start) >> shift)
        var word = (block.bit + 1) >> 6
        var next = last
        var bits =
            word < starts.count ? starts[word] & (UInt64.max << UInt64((block.bit + 1) & 63)) : 0
        while word << 6 < last {
            if bits != 0 {
                next = min(last, word << 6 + bits.trailingZeroBitCount)
                break
            }
            word += 1
            bits = word < starts.count ? starts[word] : 0
        }
        let bytes = UInt64(next - block.bit) << shift
        return bytes > region.overhead ? bytes &- region.overhead : 0
    }

    /// The region that holds an address.
    @inline(__always)
    func region(at address: UInt64) -> Region? {
        let index = regions.partitioningIndex { $0.end > address }
        guard index < regions.count, regions[index].start <= address else { return nil }
        return regions[index]
    }

    @inline(__always)
    private func isSet(_ bits: [UInt64], _ bit: Int) -> Bool {
        bits[bit >> 6] >> UInt64(bit & 63) & 1 != 0
    }

    /// Says that a block is free after all; false where it was known.
    mutating func free(_ block: Block) -> Bool {
        guard isSet(used, block.bit) else { return false }
        used[block.bit >> 6] &= ~(1 << UInt64(block.bit & 63))
        blockCount -= 1
        return true
    }

    /// Marks a block as reached; false where it was already.
    @inline(__always)
    mutating func mark(_ block: Block) -> Bool {
        guard !isSet(marked, block.bit) else { return false }
        marked[block.bit >> 6] |= 1 << UInt64(block.bit & 63)
        return true
    }

    /// Asks to be told of pointers to a block.
    mutating func watch(_ block: Block) { watched[block.bit >> 6] |= 1 << UInt64(block.bit & 63) }

    /// Whether pointers to it are to be told of.
    @inline(__always)
    func isWatched(_ block: Block) -> Bool { isSet(watched, block.bit) }

    /// Every block that was reached.
    func eachMarked(_ body: (Block) -> Void) {
        eachBlock { if isSet(marked, $0.bit) { body($0) } }
    }

    /// The address of every block in use.
    func eachBlock(_ body: (Block) -> Void) {
        for region in regions {
            let words = (Int((region.end - region.start) >> shift) + 63) / 64
            for word in 0..<words {
                var bits = used[region.firstBit / 64 + word]
                while bits != 0 {
                    let bit = word * 64 + bits.trailingZeroBitCount
                    bits &= bits &- 1
                    body(
                        Block(
                            bit: region.firstBit + bit,
                            address: region.start &+ UInt64(bit) << shift))
                }
            }
        }
    }
}
