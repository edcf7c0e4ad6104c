import AttachReport

/// A queue of libdispatch and what waits in it. Nothing else reads one.
struct DispatchLane {
    /// Where the queue lies.
    let address: UInt64
    private let layout: DispatchLayout

    private typealias Layout = DispatchLayout

    /// Makes one of the queue at `address`.
    init(_ address: UInt64, _ layout: DispatchLayout = .linux) {
        self.address = address
        self.layout = layout
    }

    /// Whether its label begins like this.
    func hasLabel(_ label: StaticLabel, _ reader: inout WordReader) -> Bool {
        guard let place = reader.word(address, layout.label), place > 4096 else { return false }
        return label.stands(at: place, &reader)
    }

    /// Whether it is the main queue: the first one, known by its label.
    func isMainQueue(_ reader: inout WordReader) -> Bool {
        reader.word(address, Layout.serialNumber) == Layout.mainSerialNumber
            && hasLabel(.mainQueue, &reader)
    }

    /// Where a queue would lie whose label's pointer lies at `place`.
    static func holding(label place: UInt64, _ layout: DispatchLayout) -> DispatchLane {
        DispatchLane(place &- layout.label, layout)
    }

    /// Its label, or as much of it as the limit allows; nil where there is none.
    func label(limit: Int, _ reader: inout WordReader) -> String? {
        guard let place = reader.word(address, layout.label), place != 0,
            let text = reader.memory.text(Address(place), limit: limit), !text.string.isEmpty
        else { return nil }
        return text.string
    }

    /// The thread that drains it now, in the target's pid namespace; 0 for none, nil where it
    /// cannot be read.
    func owner(_ reader: inout WordReader) -> UInt32? {
        reader.word(address, Layout.state).map {
            UInt32(truncatingIfNeeded: $0 & Layout.ownerMask)
        }
    }

    /// The same; nil for none, too.
    func drainer(_ reader: inout WordReader) -> Int32? {
        owner(&reader).flatMap { $0 > 0 ? Int32($0) : nil }
    }

    /// Whether only the thread that it is bound to may drain it; nil where it cannot be read.
    func isBound(_ reader: inout WordReader) -> Bool? {
        reader.half(address &+ Layout.flags).map { $0 & Layout.isThreadBound != 0 }
    }

    /// The queue in which its items wait for threads.
    func root(_ reader: inout WordReader) -> DispatchLane? {
        guard let root = reader.word(address, Layout.target), root > 4096, root & 7 == 0 else {
            return nil
        }
        return DispatchLane(root, layout)
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
        guard let tail = reader.word(address, Layout.tail),
            var item = reader.word(address, Layout.head)
        else { return ([], false) }
        var items: [Item] = []
        var last: UInt64 = 0
        walk.restart()
        while item != 0 {
            guard walk.step(to: item) == nil, item & 7 == 0, item > 4096,
                let next = reader.word(item, Layout.itemNext)
            else { return (items, false) }
            let context = reader.word(item, Layout.itemContext) ?? 0
            let inner = context & 7 == 0 && context > 4096 ? context : 0
            items.append(
                Item(
                    address: item, context: context,
                    innerContext: inner == 0 ? 0 : reader.word(inner, Layout.itemContext) ?? 0))
            last = item
            item = next
        }
        // Marks in the low bits of the tail say which of its owners' states it is in.
        return (items, tail & Layout.tailMask == last)
    }
}

extension DispatchLayout {
    /// What the library says of itself at this place; nil where it says nothing that makes sense.
    init?(at table: Address, _ memory: TargetMemory) {
        func number(_ offset: UInt64) -> UInt16? {
            table.advanced(by: offset).flatMap { memory.load($0) }
        }
        guard let version = number(Table.version), let label = number(Table.label),
            let size = number(Table.labelSize)
        else { return nil }
        self.init(version: version, label: label, labelSize: size)
    }
}
