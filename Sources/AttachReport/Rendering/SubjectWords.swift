/// What the records of a snapshot are called on a page.
extension SnapshotIndex {
    /// `task 5 "blocker"`.
    func reference(toTask id: UInt64) -> PageText {
        guard let name = task(id)?.name, !name.isEmpty else { return "task \(id)" }
        return "task \(id) \(PageText(quoting: name))"
    }

    /// `thread 4250 "worker"`.
    func reference(toThread id: Int32) -> PageText {
        guard let name = thread(id)?.name, !name.isEmpty else { return "thread \(id)" }
        return "thread \(id) \(PageText(quoting: name))"
    }

    /// Anything that waits or is waited for, e.g. `actor Bank`.
    func reference(to subject: Subject, verbose: Bool = false) -> PageText {
        switch subject {
        case .task(let id): return reference(toTask: id)
        case .thread(let id): return reference(toThread: id)
        case .actor(let address):
            return object("actor", actor(subject)?.type, at: address, verbose: verbose)
        case .executor(let address):
            return object("executor", actor(subject)?.type, at: address, verbose: verbose)
        case .mainActor: return "the main actor"
        case .globalExecutor: return "the global pool"
        case .group(let address):
            guard let owner = group(address)?.owner else { return "the group at \(address)" }
            return "the group of \(reference(toTask: owner))"
        case .continuation(let id): return "the continuation of \(reference(toTask: id))"
        case .lock(let address):
            guard let kind = wait(for: address)?.kind else { return "lock \(address)" }
            return "\(kind.noun) \(address)"
        case .queue(let address):
            guard let label = wait(for: address)?.label, !label.isEmpty else {
                return "dispatch queue \(address)"
            }
            return "dispatch queue \(PageText(quoting: label))"
        }
    }

    private func object(
        _ noun: PageText, _ type: String?, at address: Address, verbose: Bool
    ) -> PageText {
        guard let type else { return "\(noun) at \(address)" }
        return hasSeveralActors(type) || verbose
            ? "\(noun) \(type) at \(address)" : "\(noun) \(type)"
    }

    /// So many tasks, threads and others in words, with the first few by name:
    /// `2 tasks (8 "withdraw", 9), 1 thread (4251 "x")`.
    func census(of subjects: [Subject], complete: Bool = false) -> PageText {
        var tasks: [UInt64] = []
        var threads: [Int32] = []
        var others: [Subject] = []
        for subject in subjects {
            switch subject {
            case .task(let id): tasks.append(id)
            case .thread(let id): threads.append(id)
            default: others.append(subject)
            }
        }
        var parts: [PageText] = []
        if !tasks.isEmpty {
            let names = tasks.prefix(TextLayout.mostSubjects).map { id -> PageText in
                guard let name = task(id)?.name, !name.isEmpty else { return "\(id)" }
                return "\(id) \(PageText(quoting: name))"
            }
            let list =
                tasks.count > TextLayout.mostSubjects
                ? IDList(tasks).text(complete: complete) : PageText.joined(names, separator: ", ")
            parts.append("\(PageText(tasks.count, "task", "tasks")) (\(list))")
        }
        if !threads.isEmpty {
            let names = threads.prefix(TextLayout.mostSubjects).map { id -> PageText in
                guard let name = thread(id)?.name, !name.isEmpty else { return "\(id)" }
                return "\(id) \(PageText(quoting: name))"
            }
            let list =
                threads.count > TextLayout.mostSubjects
                ? IDList(threads.lazy.compactMap { UInt64(exactly: $0) }).text(complete: complete)
                : PageText.joined(names, separator: ", ")
            parts.append("\(PageText(threads.count, "thread", "threads")) (\(list))")
        }
        let shown = complete ? others.count : TextLayout.mostSubjects
        parts += others.prefix(shown).map { reference(to: $0) }
        if others.count > shown { parts.append("\(others.count - shown) more") }
        return PageText.joined(parts, separator: ", ")
    }
}

extension Edge.Evidence {
    /// The same in words, not escaped.
    var phrase: String {
        switch self {
        case .currentTask: "the task that the thread has as its current one"
        case .dependencyOnTask: "the task's dependency record names the other"
        case .dependency: "the task's dependency record names it"
        case .referenceOfThread: "the thread's registers or stack refer to it"
        case .referenceOfFrame: "the task's frame refers to it"
        case .queue: "it is in that queue"
        case .groupChild: "it is in the group's list of children"
        case .scheduled: "its state says that a job of it is queued"
        case .onlyServer: "only this thread serves the main queue"
        case .taskRunsOn: "the task runs on it"
        case .threadRunsOn: "the thread says that it runs on it"
        case .blockedWorker: "one of the pool's threads, all blocked"
        case .threadWait(let evidence): evidence ?? "the system call it sits in"
        }
    }
}

extension Edge.Kind {
    /// What stands between the two ends of the arrow.
    var verb: PageText {
        switch self {
        case .awaits: "awaits"
        case .hasChild: "cannot end before"
        case .suspendedIn: "is suspended in"
        case .queuedOn: "is queued on"
        case .heldBy: "is occupied by"
        case .runsOn: "runs on"
        case .waitsFor: "waits for"
        case .ownedBy: "is owned by"
        case .joins: "waits for the end of"
        case .resumableBy: "may be resumed by"
        }
    }
}
