/// What shows a finding, as lines of evidence; and what a thread does, as a part of a sentence.
extension FindingPhrases {
    func sentence(_ fact: Finding.Fact, of finding: Finding) -> PageText {
        switch fact {
        case .thread(let id): return index.thread(id).map(self.fact) ?? "thread \(id)"
        case .edge(let edge):
            var place: PageText = ""
            if case .task(let id) = edge.from { place = self.place(index.task(id)?.frames ?? []) }
            return "\(index.reference(to: edge.from)) \(edge.kind.verb) "
                + "\(index.reference(to: edge.to))\(place) (\(edge.evidence.phrase))"
        case .more(let count, .steps): return "… and \(PageText(count, "more step", "more steps"))"
        case .more(let count, .workers):
            return "… and \(PageText(count, "more worker", "more workers"))"
        case .more(let count, .waiters):
            return "… and \(PageText(count, "more thread waits", "more threads wait"))"
        case .timeout: return "a wait in the circle has a time-out"
        case .queue(let subject, let count):
            return
                "\(index.reference(to: subject)) has \(PageText(count, "task", "tasks")) in its queue"
        case .blockedWorkers(let count): return "\(count) of \(count) workers are blocked"
        case .searched(let bytes):
            return
                "searched \(PageText(byteCount: bytes)) of memory and the registers of all threads"
        case .continuation(true, let creator?): return "a checked continuation made in \(creator)"
        case .continuation(true, nil): return "a checked continuation"
        case .continuation(false, _): return "an unsafe continuation"
        case .resultNotTaken: return "the result has not been taken by the parent"
        case .references(let count):
            let whom: PageText = finding.subjects.count == 1 ? "it" : "them"
            return "\(PageText(count, "reference", "references")) to \(whom)"
        case .readingLeavesNoTrace:
            return "whether somebody has read the error leaves no trace in memory"
        case .quiet: return "no thread of the process was running"
        case .noCancellationHandler: return "no cancellation handler is set"
        case .unchanged(let time):
            return "unchanged for \(PageText(duration: time))"
        case .unread(let subject): return "unsure: \(subject.phrase) could not be read whole"
        case .notStopped(let id, let reason):
            let detail: PageText = reason.map { " (\($0))" } ?? ""
            return "unsure: thread \(id) could not be stopped\(detail)"
        }
    }

    /// What a thread does, with the addresses and how it is known.
    private func fact(_ thread: ThreadRecord) -> PageText {
        var text: PageText = "\(name(thread)) \(doing(thread))"
        guard let wait = thread.wait else { return text + place(thread.frames) }
        if let object = wait.object { text += " at \(object)" }
        text += place(thread.frames)
        if let owner = wait.owner, wait.kind != .join { text += "; owner: thread \(owner)" }
        if let dead = wait.deadOwner { text += "; owner: thread \(dead), which has ended" }
        if let evidence = wait.evidence { text += " (\(evidence))" }
        return text
    }

    // MARK: Threads in sentences

    /// `thread 4250 (runs task 5 "blocker")`.
    func name(_ thread: ThreadRecord) -> PageText { "thread \(thread.id)\(runs(thread))" }

    func runs(_ thread: ThreadRecord) -> PageText {
        thread.task.map { " (runs \(index.reference(toTask: $0)))" } ?? ""
    }

    /// What a blocked thread waits for, e.g. `sleeps (16 min 31 s more)`; what it does otherwise.
    func doing(_ thread: ThreadRecord) -> PageText {
        guard let wait = thread.wait else {
            return thread.systemCall == nil ? "is running" : "is in a system call"
        }
        var text = Self.verb(wait)
        if let left = wait.timeLeft, left > 0 {
            text += wait.kind == .sleep ? " (" : " (at most "
            text += "\(PageText(duration: left)) more)"
        } else if let limit = wait.timeLimit {
            text += wait.kind == .sleep ? " for " : " for at most "
            text += PageText(duration: limit)
        }
        return text
    }

    private static func verb(_ wait: ThreadWait) -> PageText {
        switch wait.kind {
        case .join:
            return wait.owner.map { "waits for thread \($0) to end" }
                ?? "waits for a thread to end"
        case .sleep: return "sleeps"
        case .descriptor:
            guard let first = wait.descriptors.first else { return "waits for input or output" }
            let name: PageText = first.name.map { " (\($0))" } ?? ""
            let more = wait.descriptors.count - 1
            return "waits for input or output on descriptor \(first.number)\(name)"
                + (more > 0 ? " and \(more) more" : "")
        case .childProcess: return "waits for a child process to end"
        case .signal: return "waits for a signal"
        case .work: return "waits for work"
        case .other: return "is in a system call"
        case .mutex, .lock, .recursiveLock, .swiftMutex, .readLock, .writeLock, .runtimeLock,
            .once, .dispatchSync, .dispatchSemaphore, .semaphore, .condition, .dispatchGroup,
            .futex:
            return "waits for \(thing(wait))"
        }
    }

    /// What a thread waits for, e.g. `a mutex`.
    func thing(ofThread id: Int32) -> PageText {
        index.thread(id)?.wait.map { Self.thing($0) } ?? "something"
    }

    func thing(_ wait: ThreadWait) -> PageText { Self.thing(wait) }

    private static func thing(_ wait: ThreadWait) -> PageText {
        switch wait.kind {
        case .lock, .recursiveLock: "an \(wait.kind.noun)"
        case .readLock: "a \(wait.kind.noun) (to read)"
        case .writeLock: "a \(wait.kind.noun) (to write)"
        case .runtimeLock: "a lock of the runtime"
        case .once: "the \(wait.kind.noun)"
        case .dispatchSync:
            wait.label.map { "queue \(PageText(quoting: $0)) (sync)" } ?? "a dispatch queue (sync)"
        case .mutex, .swiftMutex, .semaphore, .condition, .dispatchSemaphore, .dispatchGroup,
            .futex:
            "a \(wait.kind.noun)"
        case .join, .sleep, .descriptor, .childProcess, .signal, .work, .other: "something"
        }
    }
}
