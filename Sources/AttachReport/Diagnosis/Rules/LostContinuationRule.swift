/// `lost-continuation`: nobody can resume this task.
enum LostContinuationRule: Rule {
    static let explanation = Explanation(
        kind: .lostContinuation, title: "A task will never be resumed", label: "NEVER RESUMED",
        meaning: """
            The task called `withCheckedContinuation` (or one of its relatives) and waits until \
            somebody calls `resume` on the continuation it was given. To do that, somebody must \
            still have the continuation. All memory of the process was searched, and nothing that \
            is in use refers to it: it was dropped. So nobody can resume the task, now or later, \
            and everything that awaits the task waits for ever too.

            Typical ways to drop one: a callback that is called in the case of success only; an \
            early `return` or `throw` before `resume`; an object that keeps the continuation and \
            is destroyed; a dictionary in which a second request overwrites the continuation of \
            the first.
            """,
        makingSure: """
            A checked continuation says so itself: when it is dropped, the program prints `SWIFT \
            TASK CONTINUATION MISUSE: … leaked its continuation` to its standard error. Look for \
            that line in the log. For an unsafe one, change it to a checked one and try again.

            The search follows what the C library's allocator has in use, registers, stacks, and \
            what the kernel keeps for the process: events of an epoll, timers, pending signals. \
            Where it cannot look (an io_uring, a message queue, shared memory) the task is not \
            called lost. An address that the program has written to a pipe or a file, to read it \
            again later, or keeps in a changed form, is not found; where part of the memory could \
            not be read, the finding is a hint only.
            """,
        mending: """
            Follow every path through the function that got the continuation, and see to it that \
            each of them calls `resume` exactly once: also when there is an error, a time-out, a \
            cancellation, or when the object goes away (`deinit`).

            Wrap callbacks that may never come: race the wait against `Task.sleep` in a task \
            group, and resume with an error in `withTaskCancellationHandler`. For more than one \
            value, use an `AsyncStream`, which ends its waiters when it is dropped.
            """)

    private static let advice =
        "See to it that every path through that function resumes the continuation exactly once"

    static func suspicions(in scene: Scene) -> [Suspicion] {
        let gap = scene.snapshot.coverage.gaps.first(where: mayHideReference)
        let lost = scene.snapshot.tasks.indices.lazy.filter { isLost($0, in: scene) }.map {
            Int32(truncatingIfNeeded: $0)
        }
        return TaskBatch.make(lost, in: scene) { $0.continuation?.creator }.map {
            suspicion($0, gap, in: scene)
        }
    }

    private static func isLost(_ place: Int, in scene: Scene) -> Bool {
        let task = scene.snapshot.tasks[place]
        guard task.state == .suspended, case .nowhere? = task.continuation?.reach else {
            return false
        }
        // If it went on, somebody had it after all.
        return scene.stillness?.tasks.contains(task.id) ?? true
    }

    /// Where something was not read, it may have been there.
    private static func mayHideReference(_ gap: Gap) -> Bool {
        if case .file = gap.subject { return false }
        return switch gap.reason {
        case .shortRead, .budget, .limit, .notStopped: true
        case .unmapped, .cycle, .unknownLayout, .noSymbols, .inconsistent: false
        }
    }

    private static func suspicion(
        _ batch: TaskBatch, _ gap: Gap?, in scene: Scene
    ) -> Suspicion {
        let first = batch.first
        let isOne = batch.isOne
        var evidence: [String] = []
        if case .nowhere(let bytes)? = first.continuation?.reach {
            evidence.append(
                "searched \(Words.size(bytes)) of memory and the registers of all threads")
        }
        if let creator = first.continuation?.creator {
            evidence.append("a checked continuation made in \(creator)")
        } else if first.continuation?.isChecked == true {
            evidence.append("a checked continuation")
        } else if first.continuation?.isChecked == false {
            evidence.append("an unsafe continuation")
        }
        if let look = scene.secondLook { evidence.append(look) }
        if let gap { evidence.append("unsure: \(gap.subject.phrase) could not be read whole") }
        let waits = isOne ? "waits for a continuation" : "wait for continuations"
        return Suspicion(
            kind: .lostContinuation, phase: .lost, severity: .problem,
            confidence: gap == nil ? .proven : .hint,
            // A picture may show the middle of a resume: then the task has moved a moment later.
            couldRise: scene.canLookAgain, roots: batch.nodes, subjects: batch.subjects,
            message:
                "\(scene.words.tasks(batch.ids)) \(waits) that nothing in the process refers to any "
                + "more\(Words.clause(batch.place))",
            evidence: evidence, advice: advice)
    }
}
