/// The items that libdispatch keeps for the next use, with all that is in them: each thread has a
/// list of its own. What such an item was to be called with is a left-over.
///
/// An item waits in a queue, or it is in such a list: so what is on a list is not going to run, and
/// nothing but the list tells. An item in a queue looks the same.
struct DispatchCache {
    private var items: Set<UInt64> = []

    /// `struct dispatch_tsd` (libdispatch, src/shims/tsd.h) begins with the thread's id; the list is
    /// the third pointer behind it.
    private static let list: UInt64 = 24
    /// `dispatch_continuation_s` (src/queue_internal.h): how many items the list has from here on,
    /// the next of them, and what its function is called with.
    private static let count: UInt64 = 8
    private static let next: UInt64 = 16
    private static let argument: UInt64 = 40
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
                guard let first = reader.word(place, Self.list), first != 0,
                    let list = Self.items(from: first, map, &reader)
                else { continue }
                items.formUnion(list)
            }
        }
    }

    /// Whether a place is the argument of such an item.
    func holds(_ place: Reachability.Place) -> Bool {
        guard let block = place.block, place.address == block &+ Self.argument else { return false }
        return items.contains(block)
    }

    /// The items of the list that begins there: each of them counts those from it on. nil where it
    /// is no such list.
    private static func items(
        from first: UInt64, _ map: HeapMap, _ reader: inout WordReader
    ) -> [UInt64]? {
        guard let length = reader.half(first &+ count), (1...mostItems).contains(length) else {
            return nil
        }
        var items: [UInt64] = []
        var item = first
        for left in (1...length).reversed() {
            guard let block = map.block(from: item),
                case let size = map.size(of: block), size >= DispatchLayout.itemSize,
                size < DispatchLayout.itemSize + map.granule,
                reader.half(item &+ count) == left, let following = reader.word(item, next)
            else { return nil }
            items.append(item)
            item = following
        }
        return item == 0 ? items : nil
    }
}
