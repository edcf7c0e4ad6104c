/// `never-started`: a task was made, and has never run.
enum NeverStartedRule: Rule {
    static let explanation = Explanation(
        kind: .neverStarted, title: "A task has never started", label: "NEVER STARTED",
        meaning: """
            The task was made, but not one line of it has been run. A new task is handed to an \
            executor: an actor, the main actor, the shared pool, or an executor of your own, which \
            runs it when its turn comes. This one's turn has not come, and the executor it was \
            given to does not seem to work on anything. Where the executor is busy or blocked, \
            that is reported instead, and this task is counted among those who wait.
            """,
        makingSure: """
            Look whether the task is still there, in the same state, after some seconds: a new \
            task is queued for a moment in every program. The page says on which executor it is \
            queued; see whether that executor has a thread that is alive and waiting for work.
            """,
        mending: """
            With an executor of your own, check its `enqueue(_:)`: each job must be run exactly \
            once with `runSynchronously`, and whatever runs the jobs must be woken. A queue that \
            was suspended, or a thread that has ended, runs nothing.

            A task bound to the main actor needs a main thread that serves its queue: an `async` \
            `main`, a run loop, or `dispatchMain()`.
            """)

    private static let advice =
        "See whether the executor that the task was given to has a thread that runs its jobs"

    static func suspicions(in scene: Scene) -> [Suspicion] {
        // Executors of the program's own on which, so far as one can tell, nothing runs.
        var busy: Set<Subject> = []
        for actor in scene.snapshot.actors where actor.thread != nil || actor.task != nil {
            busy.insert(actor.subject)
        }
        let unstarted = scene.snapshot.tasks.indices.lazy.filter { place in
            let task = scene.snapshot.tasks[place]
            switch (task.state, task.wait) {
            case (.created, _): return true
            case (.enqueued, .executor(let address, _)):
                return !busy.contains(.executor(address)) && task.isAtItsStart
            default: return false
            }
        }
        let isQuiet = scene.isQuiet
        return TaskBatch.make(
            unstarted.map { Int32(truncatingIfNeeded: $0) }, in: scene, apartBy: { $0.wait }
        ).compactMap { suspicion($0, isQuiet: isQuiet, in: scene) }
    }

    private static func suspicion(
        _ batch: TaskBatch, isQuiet: Bool?, in scene: Scene
    ) -> Suspicion? {
        guard var (confidence, couldRise) = scene.certainty(thatRest: batch.ids) else {
            return nil
        }
        // While something runs, it may be about to take the job.
        if isQuiet == false { (confidence, couldRise) = (.hint, false) }
        let words = scene.words
        let isOne = batch.isOne
        var subjects = batch.subjects
        var roots = batch.nodes
        var where_ = "handed to no executor"
        if case .executor(let address, let type) = batch.first.wait {
            let executor = Subject.executor(address)
            subjects.append(executor)
            if let node = scene.node(executor) { roots.append(node) }
            let name = type.map { "executor \($0)" } ?? words.name(executor)
            where_ = "queued on \(name), on which nothing runs"
        }
        var evidence: [String] = []
        if isQuiet == true { evidence.append("no thread of the process was running") }
        if confidence == .likely, let look = scene.secondLook { evidence.append(look) }
        return Suspicion(
            kind: .neverStarted, phase: .unstarted, severity: .warning, confidence: confidence,
            couldRise: couldRise, roots: roots, subjects: subjects,
            message: "\(words.tasks(batch.ids)) \(isOne ? "has" : "have") never started: "
                + "\(isOne ? "it is" : "they are") \(where_)"
                + (batch.place.isEmpty
                    ? "" : "; \(isOne ? "it begins" : "they begin")\(batch.place)"),
            evidence: evidence, advice: advice)
    }
}
