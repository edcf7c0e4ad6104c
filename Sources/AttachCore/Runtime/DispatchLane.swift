/// A queue of libdispatch and what waits in it (`struct dispatch_lane_s`, src/queue_internal.h,
/// and `struct dispatch_continuation_s`, src/inline_internal.h; the same in every release for
/// Linux since 5.5).
struct DispatchLane {
    /// Where the queue lies.
    let address: UInt64

    private static let target: UInt64 = 24
    private static let tail: UInt64 = 48
    private static let state: UInt64 = 56
    private static let serialNumber: UInt64 = 64
    private static let label: UInt64 = 72
    private static let flags: UInt64 = 80
    private static let head: UInt64 = 104
    /// `DISPATCH_QUEUE_DRAIN_OWNER_MASK`: the thread that drains it.
    private static let ownerMask: UInt64 = 0x3fff_ffff
    /// `DQF_THREAD_BOUND`: only one thread may drain it.
    private static let isBoundFlag: UInt32 = 0x4_0000

    private static let next: UInt64 = 16
    private static let context: UInt64 = 40

    /// Makes one of the queue at `address`.
    init(_ address: UInt64) { self.address = address }

    /// Whether its label begins like this.
    func hasLabel(_ label: StaticLabel, _ reader: inout WordReader) -> Bool {
        guard let place = reader.word(address, Self.label), place > 4096 else { return false }
        return label.stands(at: place, &reader)
    }

    /// Whether it is the main queue: the first one, known by its label.
    func isMainQueue(_ reader: inout WordReader) -> Bool {
        reader.word(address, Self.serialNumber) == 1 && hasLabel(.mainQueue, &reader)
    }

    /// Where a queue would lie whose label's pointer lies at `place`.
    static func holding(label place: UInt64) -> DispatchLane { DispatchLane(place &- label) }

    /// The thread that drains it now, in the target's pid namespace; nil for none.
    func drainer(_ reader: inout WordReader) -> Int32? {
        guard let state = reader.word(address, Self.state) else { return nil }
        let owner = Int32(truncatingIfNeeded: state & Self.ownerMask)
        return owner > 0 ? owner : nil
    }

    /// Whether only the thread that it is bound to may drain it; nil where it cannot be read.
    func isBound(_ reader: inout WordReader) -> Bool? {
        reader.half(address &+ Self.flags).map { $0 & Self.isBoundFlag != 0 }
    }

    /// The queue in which its items wait for threads.
    func root(_ reader: inout WordReader) -> DispatchLane? {
        guard let root = reader.word(address, Self.target), root > 4096, root & 7 == 0 else {
            return nil
        }
        return DispatchLane(root)
    }

    /// An item that waits in a queue.
    struct Item: Hashable {
        /// Where the continuation lies.
        var address: UInt64
        /// What its function will be called with; for what goes on to another queue, what it
        /// holds itself.
        var context: UInt64
        /// What the context is called with, where that is a continuation as well.
        var innerContext: UInt64
    }

    /// What waits in it, in order, and whether the list was whole.
    func items(
        walk: inout BoundedWalk, _ reader: inout WordReader
    ) -> (items: [Item], isWhole: Bool) {
        guard let tail = reader.word(address, Self.tail),
            var item = reader.word(address, Self.head)
        else { return ([], false) }
        var items: [Item] = []
        var last: UInt64 = 0
        walk.restart()
        while item != 0 {
            guard walk.step(to: item) == nil, item & 7 == 0, item > 4096,
                let next = reader.word(item, Self.next)
            else { return (items, false) }
            let context = reader.word(item, Self.context) ?? 0
            let inner = context & 7 == 0 && context > 4096 ? context : 0
            items.append(
                Item(
                    address: item, context: context,
                    innerContext: inner == 0 ? 0 : reader.word(inner, Self.context) ?? 0))
            last = item
            item = next
        }
        // Marks in the low bits of the tail say which of its owners' states it is in.
        return (items, tail & ~7 == last)
    }
}

/// The beginning of a label, compared word by word: no string is made of what a target holds.
struct StaticLabel {
    private let words: [UInt64]

    static let mainQueue = StaticLabel("com.apple.main-t")
    /// The queues that the concurrency runtime makes for itself, one for each priority
    /// (stdlib/public/Concurrency/DispatchGlobalExecutor.cpp).
    static let globalExecutor = StaticLabel("Swift global con")

    private init(_ text: StaticString) {
        let bytes = Array(text.description.utf8)
        words = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// Whether it stands at `place`.
    func stands(at place: UInt64, _ reader: inout WordReader) -> Bool {
        words.enumerated().allSatisfy { reader.word(place, UInt64($0.offset) &* 8) == $0.element }
    }
}
