/// Tasks that a page shows as one entry: at the same place, in the same state, waiting for the
/// same kind of thing.
struct TaskGroup {
    /// The members, as indices into the snapshot's tasks, ascending; never empty.
    fileprivate(set) var members: [Int]

    /// The member whose stack is shown for all.
    var exemplar: Int { members[0] }
}

/// Finds the tasks that a page shows as one entry, in time linear in their number.
struct TaskGrouping {
    /// In the order of their first members.
    private(set) var groups: [TaskGroup] = []
    /// How many stacks had to be looked at in full, for tests.
    var stacksHashed: Int { stacks.stacksHashed }
    private var stacks = StackTable()

    /// Groups `tasks`; each is a group of its own if not `joining`.
    init(_ tasks: [TaskRecord], joining: Bool = true) {
        guard joining else {
            groups = tasks.indices.map { TaskGroup(members: [$0]) }
            return
        }
        var known: [Key: Int] = [:]
        for (index, task) in tasks.enumerated() {
            let key = Key(task, stack: stacks.number(of: task.frames))
            if let group = known[key] {
                groups[group].members.append(index)
            } else {
                known[key] = groups.count
                groups.append(TaskGroup(members: [index]))
            }
        }
    }

    private struct Key: Hashable {
        let stack: Int
        let state: TaskRecord.State
        let wait: Wait.Kind
        /// The type of an actor or executor, not which one of that type.
        let waitType: String?
        let isCancelled: Bool
        let result: TaskRecord.Result?
        let reach: Reach?

        /// Who can resume it, without by whom or why not.
        enum Reach: Hashable { case held, nowhere, unknown }

        init(_ task: TaskRecord, stack: Int) {
            self.stack = stack
            state = task.state
            wait = task.wait.kind
            isCancelled = task.isCancelled
            result = task.result
            reach =
                switch task.continuation?.reach {
                case .held: .held
                case .nowhere: .nowhere
                case .unknown: .unknown
                case nil: nil
                }
            switch task.wait {
            case .actor(_, let type), .executor(_, let type): waitType = type
            default: waitType = nil
            }
        }
    }
}
