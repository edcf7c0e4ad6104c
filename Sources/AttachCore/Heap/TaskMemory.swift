import AttachReport

/// The memory that is a task's own: its object, and the slabs that its frames lie in.
struct TaskMemory {
    /// The block with the object; nil where it lies in another task's memory (`async let`).
    var block: UInt64?
    /// Memory in use, the object first.
    var ranges: [Range<UInt64>] = []
    /// The blocks that the slabs are.
    var slabs: [UInt64] = []
    /// Whether every slab was a block of the heap.
    var isWhole = true

    /// An object without slabs is taken to be so large.
    private static let objectSize: UInt64 = 1024

    init(
        of task: UInt64, hasEnded: Bool, layout: RuntimeLayout, heap: Reachability,
        walk: inout SlabWalk, reader: inout WordReader
    ) {
        if let size = heap.size(ofBlock: task) {
            block = task
            ranges.append(task..<task &+ size)
        }
        let first = hasEnded ? 0 : reader.word(task, layout.firstSlab)
        if first == nil { isWhole = false }
        var slab = first ?? 0
        if block == nil {
            let end = slab > task && slab &- task < Self.objectSize ? slab : task &+ Self.objectSize
            if end > task { ranges.append(task..<end) }
        }
        typealias Slab = TaskAllocatorLayout
        walk.restart()
        while slab != 0 {
            guard let capacity = reader.half(slab &+ Slab.slabCapacity),
                let used = reader.half(slab &+ Slab.slabUsed), used <= capacity,
                let next = reader.word(slab, Slab.nextSlab),
                walk.step(to: slab, bytes: Slab.slabHeaderSize &+ UInt64(used))
            else {
                isWhole = false
                return
            }
            let (end, overflow) = slab.addingReportingOverflow(Slab.slabHeaderSize &+ UInt64(used))
            guard !overflow else {
                isWhole = false
                return
            }
            ranges.append(slab..<end)
            if heap.size(ofBlock: slab) != nil {
                slabs.append(slab)
            } else if block != nil {
                isWhole = false
            }
            slab = next
        }
    }
}

/// Follows the lists of slabs of all tasks. Their lengths and sizes are what the target says, and
/// a thousand tasks may claim to have the same long list, or slabs that hold all memory.
struct SlabWalk {
    /// Slabs of one task.
    private static let limit = 100_000
    /// A list is that of one task, and most have one slab: only those further on are remembered.
    private static let few = 8

    private var count = 0
    private var bytes: UInt64
    private var slabs: Int
    private var seen: Set<UInt64> = []

    /// A walk over the slabs of so many tasks in so much memory: no byte is in two of them.
    init(tasks: Int, bytes: UInt64) {
        self.bytes = bytes
        slabs = 1_000_000 + 4 * tasks
    }

    /// Begins with another task.
    mutating func restart() { count = 0 }

    /// Goes on to a slab of so many bytes; false where that is not allowed: the list leads into
    /// itself or that of another task, or has no end.
    mutating func step(to slab: UInt64, bytes size: UInt64) -> Bool {
        guard count < Self.limit, slabs > 0, size <= bytes else { return false }
        count += 1
        slabs -= 1
        bytes -= size
        return count <= Self.few || seen.insert(slab).inserted
    }
}
