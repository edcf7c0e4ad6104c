/// Which contexts of a running task are alive, by the task's own allocator.
///
/// The allocator is a stack: each allocation has a header {header of the previous one, its slab},
/// and the newest context in it is the one of the function that runs (StackAllocator.h). That
/// holds where optimised code keeps its context in no register any more.
struct LiveContexts {
    private static let searched = 256

    private let layout: RuntimeLayout
    private var walk: BoundedWalk

    /// At most `total` allocations are looked at.
    init(layout: RuntimeLayout, total: Int) {
        self.layout = layout
        walk = BoundedWalk(limit: StatusRecords.limit, total: total)
    }

    /// Whether `context` is the task's first one or in use.
    mutating func contain(
        _ context: UInt64, of task: TaskHeader, reader: inout WordReader
    ) -> Bool {
        guard context != task.root else { return true }
        walk.restart()
        var header = reader.word(task.address, layout.lastAllocation) ?? 0
        while header != 0, walk.step(to: header) == nil {
            if header &+ TaskAllocatorLayout.headerSize == context { return true }
            header = reader.word(header, TaskAllocatorLayout.previous) ?? 0
        }
        return false
    }

    /// Whether all of the task's allocations can be read; without them nobody can tell which of its
    /// contexts are in use.
    mutating func areReadable(of task: TaskHeader, reader: inout WordReader) -> Bool {
        walk.restart()
        guard var header = reader.word(task.address, layout.lastAllocation) else { return false }
        while header != 0, walk.step(to: header) == nil {
            guard let next = reader.word(header, TaskAllocatorLayout.previous) else { return false }
            header = next
        }
        return true
    }

    /// The newest context in use: the first allocation, newest first, that `leadsToRoot`, else the
    /// task's first context.
    mutating func newest(
        of task: TaskHeader, reader: inout WordReader,
        leadsToRoot: (UInt64, inout WordReader) -> Bool
    ) -> UInt64 {
        walk.restart()
        var header = reader.word(task.address, layout.lastAllocation) ?? 0
        while header != 0, header & AsyncContextLayout.alignmentMask == 0,
            walk.count < Self.searched,
            walk.step(to: header) == nil
        {
            let body = header &+ TaskAllocatorLayout.headerSize
            if leadsToRoot(body, &reader) { return body }
            header = reader.word(header, TaskAllocatorLayout.previous) ?? 0
        }
        return task.root
    }
}
