/// The items that libdispatch keeps for the next use, with all that is in them: each thread has a
/// list of its own. What such an item was to be called with is a left-over.
///
/// An item waits in a queue, or it is in such a list: so what is on a list is not going to run, and
/// nothing but the list tells. An item in a queue looks the same.
struct DispatchCache {
    private var items: Set<UInt64> = []

    private typealias Layout = DispatchLayout

    private static let mostItems: UInt32 = 4096
    /// Variables of threads that lie beside the thread pointer.
    private static let room: UInt64 = 16 << 10

    init(threads: [CapturedThread], map: HeapMap, reader: WordReader) {
        var reader = reader
        for thread in threads {
            guard let registers = thread.registers, let pointer = registers.threadPointer,
                pointer & 7 == 0, pointer > 1 << 20
            else { continue }
            let id = UInt32(bitPattern: thread.namespaceID ?? thread.id)
            let start = registers.architecture == .x86_64 ? pointer &- Self.room : pointer
            for place in stride(from: start, to: start &+ Self.room, by: 8)
            where reader.half(place) == id {
                guard let first = reader.word(place, Layout.threadToItems), first != 0,
                    let list = Self.items(from: first, map, &reader)
                else { continue }
                items.formUnion(list)
            }
        }
    }

    /// Whether a place is the argument of such an item.
    func holds(_ place: Reachability.Place) -> Bool {
        guard let block = place.block, place.address == block &+ Layout.itemContext else {
            return false
        }
        return items.contains(block)
    }

    /// The items of the list that begins there: each of them counts those from it on. nil where it
    /// is no such list.
    private static func items(
        from first: UInt64, _ map: HeapMap, _ reader: inout WordReader
    ) -> [UInt64]? {
        guard let length = reader.half(first &+ Layout.itemCount), (1...mostItems).contains(length)
        else {
            return nil
        }
        var items: [UInt64] = []
        var item = first
        for left in (1...length).reversed() {
            guard let block = map.block(from: item),
                case let size = map.size(of: block), size >= Layout.itemSize,
                size < Layout.itemSize + map.granule,
                reader.half(item &+ Layout.itemCount) == left,
                let following = reader.word(item, Layout.itemNext)
            else { return nil }
            items.append(item)
            item = following
        }
        return item == 0 ? items : nil
    }
}
