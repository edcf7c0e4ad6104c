/// `never-started`: a task was made, and has never run.
enum NeverStartedRule: Rule {
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
        var subjects = batch.subjects
        var roots = batch.nodes
        var place: Finding.Executor?
        if case .executor(let address, let type) = batch.first.wait {
            let executor = Subject.executor(address)
            subjects.append(executor)
            if let node = scene.node(executor) { roots.append(node) }
            place = Finding.Executor(address, type: type)
        }
        var evidence: [Finding.Fact] = []
        if isQuiet == true { evidence.append(.quiet) }
        if confidence == .likely, let look = scene.secondLook { evidence.append(look) }
        return Suspicion(
            cause: .neverStarted(on: place), phase: .unstarted, severity: .warning,
            confidence: confidence,
            couldRise: couldRise, roots: roots, subjects: subjects,
            evidence: evidence)
    }
}
