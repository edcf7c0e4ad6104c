/// `cancelled-still-waiting`: a cancelled task sits in a wait that ignores cancellation.
enum CancelledStillWaitingRule: Rule {
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
        var awaited = Finding.Awaited.tasks
        if case .task(let id) = first.wait, ids.count == 1 {
            awaited = .task(id)
        } else if first.wait == .continuation {
            awaited = .continuation
        }
        var evidence: [Finding.Fact] = [.noCancellationHandler]
        if confidence == .likely, let look = scene.secondLook { evidence.append(look) }
        return [
            Suspicion(
                cause: .cancelledStillWaiting(awaited), phase: .deaf, severity: .warning,
                confidence: confidence, couldRise: couldRise, roots: resting,
                subjects: ids.map { .task($0) },
                evidence: evidence)
        ]
    }
}
