/// `pool-starved`: all threads of the pool are blocked while jobs wait.
enum PoolStarvedRule: Rule {
    static func suspicions(in scene: Scene) -> [Suspicion] {
        guard let pool = scene.census, let node = scene.node(.globalExecutor) else { return [] }
        let queued = scene.graph.arriving(at: node).lazy.map { scene.graph.arrows[Int($0)] }
            .filter { $0.kind == .queuedOn }
        guard !queued.isEmpty else { return [] }
        let workers = pool.workers.map { scene.snapshot.threads[$0] }
        let idle = pool.idle.map { scene.snapshot.threads[$0] }
        let tasks = Array(queued.prefix(1_000).compactMap { scene.task(at: $0.from) })
        // That it is full although a thread is idle shows in that nobody takes the jobs.
        guard var certainty = certainty(workers + idle, tasks, in: scene) else { return [] }
        if tasks.isEmpty && !idle.isEmpty { certainty = (.hint, false) }
        // If all of them are blocked by the same thing, that thing is the trouble.
        let chains = workers.map { BlockedChain(from: $0, in: scene) }
        let hasOneCause = Set(chains.map { $0.root(in: scene) }).count == 1
        let roots = [node] + workers.compactMap { scene.index.node(ofThread: $0.id) }
        return [
            Suspicion(
                cause: .poolStarved(workers: workers.map(\.id), jobs: queued.count),
                phase: hasOneCause ? .smallPool : .pool, severity: .problem,
                confidence: certainty.0, couldRise: certainty.couldRise, roots: roots,
                subjects: [.globalExecutor] + workers.map { .thread($0.id) },
                evidence: evidence(workers, certainty.0, in: scene))
        ]
    }

    private static func certainty(
        _ workers: [ThreadRecord], _ tasks: [TaskRecord], in scene: Scene
    ) -> (Finding.Confidence, couldRise: Bool)? {
        guard let threads = scene.certainty(thatStand: workers) else { return nil }
        // Something in the queue must have stayed there; it need not be a task.
        if let stillness = scene.stillness, !tasks.isEmpty,
            !tasks.contains(where: { stillness.tasks.contains($0.id) })
        {
            return nil
        }
        return threads
    }

    private static func evidence(
        _ workers: [ThreadRecord], _ confidence: Finding.Confidence, in scene: Scene
    ) -> [Finding.Fact] {
        var facts: [Finding.Fact] = [.blockedWorkers(workers.count)]
        facts += workers.prefix(64).map { .thread($0.id) }
        if workers.count > 64 { facts.append(.more(workers.count - 64, .workers)) }
        if confidence == .likely, let look = scene.secondLook { facts.append(look) }
        return facts
    }
}
