/// Says in words what the tasks of one entry do, and what is remarkable about them.
struct TaskWords {
    let tasks: [TaskRecord]
    let index: SnapshotIndex
    let verbose: Bool

    var isOne: Bool { tasks.count == 1 }

    /// The verb in the right number: the singular one for a single task.
    func verb(_ singular: PageText, _ plural: PageText) -> PageText {
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
            var words: PageText = "\(verb("runs", "run")) on thread \(threads.text())"
            guard isOne, let task = tasks.first else { return words }
            if let actor = index.actor(heldBy: task.id) {
                words += ", occupies \(index.reference(to: actor.subject, verbose: verbose))"
            }
            guard let thread = task.thread.flatMap(index.thread) else { return words }
            let lookup = ThreadWords(index: index, verbose: verbose)
            if thread.wait != nil, thread.state != .running {
                words += "; the thread \(lookup.activity(of: thread))"
            } else if let call = lookup.systemCall(of: thread) {
                words += ", in \(call)"
            }
            return words
        default: return "run on threads \(threads.text())"
        }
    }

    private func queued(_ wait: Wait) -> PageText {
        switch wait {
        case .actor(_, let type):
            return "queued on \(objects(type, "actor", "actors"))\(occupied)\(place)"
        case .executor(_, let type):
            return "queued on \(objects(type, "executor", "executors"))\(occupied)\(place)"
        case .mainActor: return "queued on the main actor\(occupied)\(place)"
        case .globalExecutor: return "queued on the global pool\(place)"
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
        case .continuation: return "\(waits) for a continuation\(continuation)"
        case .sleep: return sleeping
        case .stream: return "\(waits) for the next element of a stream\(continuation)"
        case .yield: return "gave way (Task.yield)"
        case .group: return "\(waits) for \(awaitedGroups)"
        case .actor(_, let type):
            return "\(waits) for \(objects(type, "actor", "actors"))\(occupied)"
        case .executor(_, let type):
            return "\(waits) for \(objects(type, "executor", "executors"))\(occupied)"
        case .mainActor: return "\(waits) for the main actor\(occupied)"
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
