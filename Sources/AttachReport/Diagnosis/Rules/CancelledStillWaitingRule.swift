/// `cancelled-still-waiting`: a cancelled task sits in a wait that ignores cancellation.
enum CancelledStillWaitingRule: Rule {
    static let explanation = Explanation(
        kind: .cancelledStillWaiting, title: "A cancelled task goes on waiting",
        label: "DEAF TO CANCELLATION",
        meaning: """
            The task was cancelled, but goes on waiting. Cancellation in Swift is a request: it \
            sets a mark, and wakes those that asked to be told, as `Task.sleep` and `AsyncStream` \
            do. A bare continuation, or the value of another task, is not among them. So the task \
            notices nothing until what it waits for comes by itself, and everybody who waits for \
            the task (a group, a shutdown, a time-out) waits as well.
            """,
        makingSure: """
            See what the task waits for, and whether that may still come: cancelled work that \
            comes to its end in its own time is slow, not wrong. If nothing has changed some \
            seconds later, the cancellation has no effect.
            """,
        mending: """
            Put `withTaskCancellationHandler` around the wait, and have the handler end what is \
            waited for: resume the continuation with `CancellationError()`, close the connection, \
            cancel the other task. Take care that the continuation is resumed only once: the \
            handler runs at the same time as everything else, so keep the continuation behind a \
            lock or in an actor.

            A task that awaits the value of a task which it made itself with `Task { }` must pass \
            the cancellation on; child tasks (`async let`, task groups) get it by themselves.
            """)

    private static let advice =
        "Put withTaskCancellationHandler around the wait, and end there what is waited for"

    static func suspicions(in scene: Scene) -> [Suspicion] {
        let deaf = scene.snapshot.tasks.indices.lazy.filter { isDeaf($0, in: scene) }
        return TaskBatch.make(
            deaf.map { Int32(truncatingIfNeeded: $0) }, in: scene,
            apartBy: { Trait(wait: $0.wait.kind, mayEnd: mayEnd($0, in: scene)) }
        ).flatMap { suspicions($0, in: scene) }
    }

    /// What keeps entries apart: what is waited for, and whether that may yet come.
    private struct Trait: Hashable {
        let wait: Wait.Kind
        let mayEnd: Bool
    }

    /// Whether a task is cancelled and in a wait that ignores it. Children of a group are told
    /// themselves: if one is deaf, it is to blame and not the group's owner.
    private static func isDeaf(_ place: Int, in scene: Scene) -> Bool {
        let task = scene.snapshot.tasks[place]
        guard task.isCancelled, task.state == .suspended, !task.hasCancellationHandler else {
            return false
        }
        return task.wait == .continuation || hangs(on: task, in: scene) != nil
    }

    /// The task at the end of a chain of awaited tasks, where it hangs in a continuation and has
    /// not been told to stop. One that works, sleeps or tidies up comes to its end.
    private static func hangs(on task: TaskRecord, in scene: Scene) -> TaskRecord? {
        var current = task
        for _ in 0..<64 {
            guard case .task(let id) = current.wait, current.state == .suspended,
                let next = scene.task(id)
            else { break }
            current = next
        }
        guard current.id != task.id, current.state == .suspended, !current.isCancelled,
            current.wait == .continuation
        else { return nil }
        return current
    }

    /// Whether what the task hangs in may come by itself: a thread or task refers to the
    /// continuation that is at work, or asleep for a time.
    private static func mayEnd(_ task: TaskRecord, in scene: Scene) -> Bool {
        let end = task.wait == .continuation ? task : hangs(on: task, in: scene) ?? task
        guard case .held(let holders)? = end.continuation?.reach else { return false }
        return holders.contains { holder in
            switch holder {
            case .stack(let id), .register(let id):
                guard let thread = scene.thread(id) else { return false }
                guard let wait = thread.wait else { return true }
                return !wait.isIdle
                    && (wait.mayEndByItself
                        || scene.stillness?.threads.contains(thread.id) == false)
            case .frame(let id):
                guard id != end.id, let other = scene.task(id) else { return false }
                return other.state == .running || other.state == .enqueued
                    || (other.state == .suspended && other.wait == .sleep)
            case .threadLocal, .kernel, .global, .closureContext, .error, .storage, .object,
                .allocation, .mapping:
                return false
            }
        }
    }

    /// One for those that have not moved so far.
    ///
    /// A server whose client has gone cancels the request, which then waits for its database as
    /// long as that takes. Only time tells that from for ever.
    private static func suspicions(_ batch: TaskBatch, in scene: Scene) -> [Suspicion] {
        let resting = batch.nodes.filter { node in
            let task = scene.snapshot.tasks[Int(node)]
            let end = task.wait == .continuation ? nil : hangs(on: task, in: scene)?.id
            return scene.certainty(thatRest: [task.id] + (end.map { [$0] } ?? [])) != nil
        }
        guard !resting.isEmpty else { return [] }
        let (confidence, couldRise) =
            mayEnd(batch.first, in: scene) ? (.hint, false) : scene.certaintySoFar
        let first = scene.snapshot.tasks[Int(resting[0])]
        let ids = resting.map { scene.snapshot.tasks[Int($0)].id }
        let isOne = ids.count == 1
        let what: String
        if case .task(let id) = first.wait, isOne {
            what = "for \(scene.words.task(id)), which has not been cancelled"
        } else if first.wait == .continuation {
            what = isOne ? "for a continuation" : "for continuations"
        } else {
            what = "for other tasks, which have not been cancelled"
        }
        var evidence = ["no cancellation handler is set"]
        if confidence == .likely, let look = scene.secondLook { evidence.append(look) }
        return [
            Suspicion(
                kind: .cancelledStillWaiting, phase: .deaf, severity: .warning,
                confidence: confidence, couldRise: couldRise, roots: resting,
                subjects: ids.map { .task($0) },
                message:
                    "\(scene.words.tasks(ids)) \(isOne ? "was" : "were") cancelled and still "
                    + "\(isOne ? "waits" : "wait") \(what)\(Words.clause(batch.place))",
                evidence: evidence, advice: advice)
        ]
    }
}
