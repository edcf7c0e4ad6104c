/// Says in words what the tasks of one entry do, and what is remarkable about them.
struct TaskWords {
    let tasks: [TaskRecord]
    let index: SnapshotIndex
    let verbose: Bool

    private var isOne: Bool { tasks.count == 1 }

    /// The verb in the right number: the singular one for a single task.
    private func verb(_ singular: PageText, _ plural: PageText) -> PageText {
        isOne ? singular : plural
    }

    /// What they do, e.g. `waits for task 7`.
    var activity: PageText {
        guard let first = tasks.first else { return "" }
        switch first.state {
        case .running: return running
        case .enqueued: return queued(first.wait)
        case .suspended: return waiting(first.wait)
        case .created: return "created, never started"
        case .completed:
            switch first.result {
            case .success: return "finished"
            case .error(let type?, let name):
                let value: PageText = name.map { ".\($0)" } ?? ""
                return "finished with an error (type \(type)\(value))"
            case .error(nil, _): return "finished with an error"
            case nil: return "finished, how is not known"
            }
        }
    }

    /// Whether something failed.
    var isFailure: Bool {
        if case .error? = tasks.first?.result { true } else { false }
    }

    private var running: PageText {
        let threads = IDList(tasks.compactMap { $0.thread.flatMap { UInt64(exactly: $0) } })
        switch threads.count {
        case 0: return "\(verb("runs", "run")), on which thread is not known"
        case 1:
            let place: PageText = "\(verb("runs", "run")) on thread \(threads.text())"
            guard let call = tasks.first?.thread.flatMap(index.systemCall(ofThread:)) else {
                return place
            }
            return "\(place), in \(call)"
        default: return "run on threads \(threads.text())"
        }
    }

    private func queued(_ wait: Wait) -> PageText {
        switch wait {
        case .actor(_, let type): return "queued on \(objects(type, "actor", "actors"))"
        case .executor(_, let type): return "queued on \(objects(type, "executor", "executors"))"
        case .mainActor: return "queued on the main actor"
        case .globalExecutor: return "queued on the global pool"
        case .yield: return "gave way (Task.yield), queued"
        case .none, .unknown: return "queued, on which executor is not known"
        case .task, .continuation, .sleep, .stream, .group:
            // It was resumed, and the record of its wait still stands.
            return "queued after its wait: \(waiting(wait))"
        }
    }

    private func waiting(_ wait: Wait) -> PageText {
        let waits = verb("waits", "wait")
        switch wait {
        case .task: return "\(waits) for \(awaitedTasks)"
        case .continuation: return "\(waits) for a continuation"
        case .sleep: return verb("sleeps", "sleep")
        case .stream: return "\(waits) for the next element of a stream"
        case .yield: return "gave way (Task.yield)"
        case .group: return "\(waits) for \(awaitedGroups)"
        case .actor(_, let type): return "\(waits) for \(objects(type, "actor", "actors"))"
        case .executor(_, let type):
            return "\(waits) for \(objects(type, "executor", "executors"))"
        case .mainActor: return "\(waits) for the main actor"
        case .globalExecutor: return "\(waits) for the global pool"
        case .none, .unknown: return "suspended, what for is not known"
        }
    }

    private var awaitedTasks: PageText {
        let ids = IDList(
            tasks.compactMap { task in
                if case .task(let id) = task.wait { id } else { nil }
            })
        if isOne, case .task(let id)? = tasks.first?.wait { return index.reference(toTask: id) }
        return ids.count == 1 ? "task \(ids.text())" : "tasks \(ids.text())"
    }

    private var awaitedGroups: PageText {
        let addresses = Set(
            tasks.compactMap { task in
                if case .group(let address) = task.wait { address } else { nil }
            })
        guard addresses.count == 1, let address = addresses.first else {
            return "\(addresses.count) groups"
        }
        guard let group = index.group(address) else { return "a group" }
        guard !group.children.isEmpty else {
            // The children may be gone from the list before their results are taken.
            return group.pending == 0
                ? "a group without children"
                : "a group with \(PageText(group.pending, "pending task", "pending tasks"))"
        }
        var unfinished = 0
        for child in group.children {
            guard let task = index.task(child) else {
                // Counted by the group itself where a child could not be read.
                return "a group with \(PageText(group.pending, "pending task", "pending tasks"))"
            }
            if task.state != .completed { unfinished += 1 }
        }
        return unfinished == 0
            ? "a group whose tasks have finished"
            : "a group with \(PageText(unfinished, "unfinished task", "unfinished tasks"))"
    }

    /// `actor Bank`, `3 actors Bank`, or the address where the type has no name.
    private func objects(_ type: String?, _ one: PageText, _ many: PageText) -> PageText {
        let addresses = Set(
            tasks.compactMap { task -> Address? in
                switch task.wait {
                case .actor(let address, _), .executor(let address, _): address
                default: nil
                }
            })
        let name: PageText = type.map { " \($0)" } ?? ""
        guard addresses.count == 1, let address = addresses.first else {
            return "\(addresses.count) \(many)\(name)"
        }
        let isAmbiguous = type.map(index.hasSeveralActors) ?? true
        return isAmbiguous || verbose ? "\(one)\(name) at \(address)" : "\(one)\(name)"
    }
}

extension TaskWords {
    /// What is remarkable: kin, cancellation, priority; e.g. `(child of 1, cancelled)`.
    var facts: PageText {
        var facts: [PageText] = []
        if tasks.first?.isCancelled == true { facts.append("cancelled") }
        if let kinship { facts.append(kinship) }
        let children = IDList(tasks.lazy.flatMap(\.children))
        if children.count > 0 { facts.append("parent of \(children.text())") }
        facts += oddities
        if let priority { facts.append(priority) }
        if verbose, isOne, let task = tasks.first {
            facts.append("at \(task.address)")
            if let type = task.resultType { facts.append("returns \(type)") }
            if let handles = task.handles {
                facts.append(PageText(handles, "handle", "handles"))
            }
        }
        return facts.isEmpty ? "" : "(\(PageText.joined(facts, separator: ", ")))"
    }

    private var kinship: PageText? {
        let parents = IDList(tasks.lazy.compactMap(\.parent))
        guard parents.count > 0 else { return nil }
        let orphans = tasks.reduce(0) { $1.parent == nil ? $0 + 1 : $0 }
        guard orphans == 0 else {
            let count = tasks.count - orphans
            return "\(count) of them \(count == 1 ? "a child" : "children") of \(parents.text())"
        }
        let relation: PageText
        if tasks.allSatisfy({ $0.flags.contains(.asyncLet) }) {
            relation = "async let of task"
        } else if tasks.allSatisfy({ $0.flags.contains(.groupChild) }) {
            relation = "in a group of task"
        } else {
            relation = verb("child of task", "children of task")
        }
        return parents.count == 1
            ? "\(relation) \(parents.text())" : "\(relation)s \(parents.text())"
    }

    /// Flags that explain behaviour, with a count where not all tasks have them.
    private var oddities: [PageText] {
        let flags: [(TaskRecord.Flag, PageText)] = [
            (.immediate, "immediate"), (.hasExecutorPreference, "prefers an executor"),
        ]
        return flags.compactMap { flag, words in
            let count = tasks.reduce(0) { $1.flags.contains(flag) ? $0 + 1 : $0 }
            guard count > 0 else { return nil }
            return count == tasks.count ? words : "\(words): \(count)"
        }
    }

    /// The priority, unless it is the usual one.
    private var priority: PageText? {
        let medium = Priority(0x15)
        guard let first = tasks.first else { return nil }
        if tasks.allSatisfy({
            $0.priority == first.priority && $0.basePriority == first.basePriority
        }) {
            if first.priority != first.basePriority {
                return
                    "priority \(first.basePriority.description), raised to \(first.priority.description)"
            }
            return first.priority == medium ? nil : "priority \(first.priority.description)"
        }
        let priorities = Set(tasks.map(\.priority)).sorted { $0.rawValue > $1.rawValue }
        let names = priorities.prefix(8).map { PageText(escaping: $0.description) }
        return "priorities \(PageText.joined(names, separator: " "))"
    }
}
