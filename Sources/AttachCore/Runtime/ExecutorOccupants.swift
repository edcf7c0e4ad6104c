import AttachReport

/// Who is on an executor now, by what threads note of it (`ExecutorTracking`).
struct ExecutorOccupants {
    /// A thread that works for an executor, and the task whose code it runs there.
    struct Occupant: Hashable {
        /// The thread.
        var thread: Int32
        /// The task, by id; nil where it could not be told.
        var task: UInt64?
    }

    /// A running task on a thread: how far out its code reaches on the stack.
    struct Place {
        /// The task's id.
        var task: UInt64
        /// The end of its async frame; nil where that was not found.
        var end: UInt64?
    }

    /// An executor and how it is one, as records name it.
    struct Executor: Hashable {
        /// The object.
        var identity: UInt64
        /// 0 for a default actor.
        var implementation: UInt64
    }

    /// Who is on serial executors.
    private(set) var serial: [Executor: [Occupant]] = [:]
    /// Who is on task executors, by their objects.
    private(set) var task: [UInt64: [Occupant]] = [:]

    /// Takes what a thread says of itself.
    ///
    /// - Parameters:
    ///   - places: The running tasks whose thread this is.
    ///   - current: The task that it says it runs.
    mutating func add(
        _ chain: [ExecutorTracking], of thread: Int32, running places: [Place], current: UInt64
    ) {
        var inner: UInt64 = 0
        for (index, record) in chain.enumerated() {
            // A record is on the stack outside of the code that was run under it.
            let under = places.compactMap { place in
                place.end.flatMap { $0 > inner && $0 <= record.address ? ($0, place.task) : nil }
            }
            inner = record.address
            let task = index == 0 ? current : under.min { $0.0 < $1.0 }?.1
            let occupant = Occupant(thread: thread, task: task)
            if record.executor != 0 {
                let executor = Executor(
                    identity: record.executor, implementation: record.implementation)
                serial[executor, default: []].append(occupant)
            }
            if record.taskExecutor != 0 {
                self.task[record.taskExecutor, default: []].append(occupant)
            }
        }
    }
}
