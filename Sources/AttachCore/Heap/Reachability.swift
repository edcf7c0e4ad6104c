/// Finds what can be reached, from memory that is in use by itself and from there by anything that
/// looks like a pointer into a block.
///
/// It errs on one side: whatever might be a pointer is one, so that what it does not reach nobody
/// can reach. Every block is searched at most once.
struct Reachability {
    /// A place that holds a pointer.
    struct Place: Hashable {
        /// Where the pointer lies; 0 for a register or the kernel.
        var address: UInt64
        /// The block it lies in; nil outside of the heap.
        var block: UInt64?
        /// The thread in whose registers it is.
        var thread: Int32?
    }

    /// What to do about a pointer to a block that is watched.
    enum Verdict {
        /// The block is reached.
        case follow
        /// The pointer does not count.
        case ignore
    }

    /// The blocks.
    private(set) var map: HeapMap
    /// Bytes that were searched.
    private(set) var bytesSearched: UInt64 = 0

    private let memory: TargetMemory
    private let targetMask: UInt64
    private var reader: WordReader
    private var blocks = [UInt64](repeating: 0, count: BlockTable.words)
    private var open: [Range<UInt64>] = []
    /// What was in use by itself, without blocks.
    private var roots: [Range<UInt64>] = []
    /// Blocks that were reached.
    private(set) var reachedCount = 0
    private var hits = [Int](repeating: 0, count: 4096)

    init(_ map: HeapMap, _ memory: TargetMemory) {
        self.map = map
        self.memory = memory
        reader = WordReader(memory)
        targetMask = 0x0000_ffff_ffff_ffff & ~(map.granule - 1)
        for region in map.regions {
            var block = region.start >> 26
            while block <= (region.end &- 1) >> 26 {
                blocks[Int(block & 4095) >> 6] |= 1 << (block & 63)
                block &+= 1
            }
        }
    }

    /// Asks for a verdict on pointers to the block that begins at an address; false where there is
    /// none.
    mutating func watch(_ address: UInt64) -> Bool {
        guard let block = map.block(from: address) else { return false }
        map.watch(block)
        return true
    }

    /// Bytes of the block at an address; nil where none begins there.
    func size(ofBlock address: UInt64) -> UInt64? {
        map.block(from: address).map { map.size(of: $0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    // MARK: Going on

    /// Takes memory for in use, whoever refers to it.
    mutating func add(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        open.append(range)
        roots.append(range)
    }

    /// Takes a block for in use, whoever refers to it.
    mutating func add(block address: UInt64) {
        guard let block = map.block(from: address), map.mark(block),
            let size = size(ofBlock: address)
        else { return }
        open.append(address..<address &+ size)
    }

    /// Counts a block as reached without a search of it.
    mutating func mark(block address: UInt64) {
        if let block = map.block(from: address) { _ = map.mark(block) }
    }

    /// Takes a word that is in use though no memory holds it: of the registers of a thread, or of
    /// the kernel.
    mutating func add(
        word: UInt64, ofThread thread: Int32?,
        _ judge: (_ target: UInt64, _ block: UInt64, Place) -> Verdict
    ) {
        take(word, Place(address: 0, block: nil, thread: thread), judge)
    }

    /// Takes what vector registers hold, at any byte of them.
    mutating func add(
        vectors words: [UInt64], ofThread thread: Int32,
        _ judge: (_ target: UInt64, _ block: UInt64, Place) -> Verdict
    ) {
        var last: UInt64 = 0
        for word in words + [0] {
            for shift in stride(from: UInt64(0), to: 64, by: 8) where word | last != 0 {
                let joined = shift == 0 ? last : last >> shift | word << (64 &- shift)
                add(word: joined, ofThread: thread, judge)
            }
            last = word
        }
    }

    /// Searches until nothing is left. `judge` is asked about every pointer to a watched block,
    /// and told where it points, to which block, and where it lies.
    mutating func search(
        _ judge: (_ target: UInt64, _ block: UInt64, Place) -> Verdict
    ) {
        while let range = open.popLast() { search(range, judge) }
    }

    /// Searches all that was reached once more, for whole pointers at the addresses that were passed
    /// over: those that are no multiples of four. What that reaches is left to `search`.
    mutating func searchPacked(
        _ judge: (_ target: UInt64, _ block: UInt64, Place) -> Verdict
    ) {
        var ranges = roots
        map.eachMarked { block in
            let size = map.size(of: block)
            if size > 0 { ranges.append(block.address..<block.address &+ size) }
        }
        isPacked = true
        for range in ranges { search(range, judge) }
        isPacked = false
    }

    /// Whether pointers are looked for at odd addresses instead.
    private var isPacked = false

    private mutating func search(
        _ range: Range<UInt64>, _ judge: (UInt64, UInt64, Place) -> Verdict
    ) {
        let block = map.block(at: range.lowerBound)?.address
        var position = range.lowerBound
        while position < range.upperBound {
            guard let segment = memory.segment(at: position) else {
                guard let next = memory.firstSegment(after: position) else { return }
                position = next.start
                continue
            }
            let end = min(segment.end, range.upperBound)
            search(segment, position..<end, block, judge)
            // A packed structure may lie across two pieces of what was captured.
            for before in end < range.upperBound ? Self.across(isPacked) : []
            where end &- before >= range.lowerBound {
                if let word = reader.word(end &- before) {
                    take(word, Place(address: end &- before, block: block), judge)
                }
            }
            position = end
        }
    }

    private mutating func search(
        _ segment: TargetMemory.Segment, _ range: Range<UInt64>, _ block: UInt64?,
        _ judge: (UInt64, UInt64, Place) -> Verdict
    ) {
        guard !segment.isZero else { return }
        if !isPacked { bytesSearched &+= range.upperBound &- range.lowerBound }
        let size = Int(range.upperBound &- segment.start)
        var from = Int((range.lowerBound &+ 3) & ~3 &- segment.start)
        while from < size {
            let found = segment.references(
                to: blocks, from: from, upTo: size, isPacked: isPacked, into: &hits)
            for index in 0..<found {
                let address = segment.start &+ UInt64(hits[index])
                guard let word: UInt64 = segment.load(at: address) else { continue }
                take(word, Place(address: address, block: block), judge)
            }
            guard found == hits.count, let last = hits.last else { return }
            from = last + (isPacked ? 1 : 4)
        }
    }

    /// How many bytes before its end a word may begin that is not wholly in a piece.
    private static func across(_ isPacked: Bool) -> [UInt64] {
        isPacked ? [1, 2, 3, 5, 6, 7] : [4]
    }

    /// Pointers may bear marks in their 16 highest bits, and in as many of the lowest as no address
    /// of a block has.
    @inline(__always)
    private mutating func take(
        _ word: UInt64, _ place: Place, _ judge: (UInt64, UInt64, Place) -> Verdict
    ) {
        let target = word & targetMask
        // What points to where it lies itself says nothing new; frames do all the time.
        guard let block = map.block(at: target), block.address != place.block else { return }
        if map.isWatched(block), judge(target, block.address, place) == .ignore { return }
        guard map.mark(block) else { return }
        reachedCount += 1
        let size = map.size(of: block)
        if size > 0 { open.append(block.address..<block.address &+ size) }
    }
}
