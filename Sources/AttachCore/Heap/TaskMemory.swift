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

    /// `TaskAllocator`: the newest allocation, then the first slab; a slab begins with its type,
    /// the next slab, and how much it can hold and holds (stdlib/public/runtime/StackAllocator.h).
    private static let firstSlab: UInt64 = 8
    private static let slabHeader: UInt64 = 32
    private static let mostSlabs = 100_000
    /// An object without slabs is taken to be so large.
    private static let objectSize: UInt64 = 1024

    init(
        of task: UInt64, hasEnded: Bool, layout: RuntimeLayout, heap: inout Reachability,
        reader: inout WordReader
    ) {
        if let size = heap.size(ofBlock: task) {
            block = task
            ranges.append(task..<task &+ size)
        }
        let first = hasEnded ? 0 : reader.word(task, layout.lastAllocation &+ Self.firstSlab)
        if first == nil { isWhole = false }
        var slab = first ?? 0
        if block == nil {
            let end = slab > task && slab &- task < Self.objectSize ? slab : task &+ Self.objectSize
            if end > task { ranges.append(task..<end) }
        }
        // A mark that moves on at every power of two finds a list that leads back into itself.
        var (mark, count) = (UInt64(0), 0)
        while slab != 0 {
            guard count < Self.mostSlabs, slab != mark,
                let capacity = reader.half(slab &+ 16), let used = reader.half(slab &+ 20),
                used <= capacity, let next = reader.word(slab, 8)
            else {
                isWhole = false
                return
            }
            let (end, overflow) = slab.addingReportingOverflow(Self.slabHeader &+ UInt64(used))
            guard !overflow else { return }
            ranges.append(slab..<end)
            if heap.size(ofBlock: slab) != nil {
                slabs.append(slab)
            } else if block != nil {
                isWhole = false
            }
            count += 1
            if count & (count - 1) == 0 { mark = slab }
            slab = next
        }
    }
}
