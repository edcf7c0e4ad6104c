/// The list of all living tasks that runtimes after 6.3 keep for debuggers, in pieces: each piece
/// begins with its first task, and each task has the address of the next one
/// (`TaskRegistryLayout`).
///
/// It is a second source of addresses and no more than that: a process may have switched it off
/// with `SWIFT_CONCURRENCY_TASK_REGISTRY=0`, and then the list is empty.
enum TaskRegistry {
    /// The tasks in it, at most as many as a search of memory takes.
    static func tasks(
        at registry: UInt64, _ layout: TaskRegistryLayout, reader: inout WordReader,
        where isTask: (_ address: UInt64, _ reader: inout WordReader) -> Bool
    ) -> Set<UInt64> {
        var found: Set<UInt64> = []
        var walk = BoundedWalk(limit: TaskScanner.limit, total: TaskScanner.limit)
        for piece in 0..<layout.pieces {
            walk.restart()
            var task = reader.word(registry, piece &* layout.stride) ?? 0
            // What is no task has no next one. A task that is there already was in another piece:
            // its successors are there, too.
            while task != 0, walk.step(to: task) == nil, isTask(task, &reader),
                found.insert(task).inserted
            {
                task = reader.word(task, layout.next) ?? 0
            }
        }
        return found
    }
}
