/// `pool-starved`: all threads of the pool are blocked while jobs wait.
enum PoolStarvedRule: Rule {
    static let explanation = Explanation(
        kind: .poolStarved, title: "The pool has no thread left", label: "POOL STARVED",
        meaning: """
            All tasks share a small pool of threads, about one for each CPU. That is enough as \
            long as tasks suspend (`await`) when they wait: then the thread goes on with another \
            task. A task that blocks instead keeps its thread. Here every thread of the pool is \
            blocked, and tasks that are ready to run find none.

            Often the blocked tasks wait for something that one of the waiting tasks would do, \
            for instance signal a semaphore. Then it is a deadlock, though no lock is involved.
            """,
        makingSure: """
            The evidence lists every thread of the pool with what it waits for. If the same \
            threads stand in the same calls at a second look, the pool is starved. It depends on \
            the number of CPUs: a program that works on a large machine may starve in a container \
            with one or two, so try it there.
            """,
        mending: """
            Do not block in a task. Instead of `semaphore.wait()`, `group.wait()`, `queue.sync`, \
            `Thread.sleep` or a blocking read, use a form that is awaited: an `AsyncStream`, \
            `withCheckedContinuation`, `TaskGroup`, `Task.sleep`, asynchronous input and output.

            What cannot be had without blocking belongs on threads of its own, such as a \
            `DispatchQueue` or a task executor that you make for it. Never wait for an \
            asynchronous function from a synchronous one by means of a semaphore.
            """)

    private static let advice =
        "Do not block in tasks: await instead, and keep what must block on threads of its own"

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
        let roots = [node] + workers.compactMap { scene.index.thread($0.id) }
        return [
            Suspicion(
                kind: .poolStarved, phase: hasOneCause ? .smallPool : .pool, severity: .problem,
                confidence: certainty.0, couldRise: certainty.couldRise, roots: roots,
                subjects: [.globalExecutor] + workers.map { .thread($0.id) },
                message: message(workers, waiting: queued.count, in: scene),
                evidence: evidence(workers, certainty.0, in: scene), advice: advice)
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

    private static func message(
        _ workers: [ThreadRecord], waiting: Int, in scene: Scene
    ) -> String {
        let all =
            switch workers.count {
            case 1: "its only thread is blocked"
            case 2: "both of its threads are blocked"
            default: "all \(workers.count) of its threads are blocked"
            }
        var example = ""
        if let first = workers.first {
            let task = first.task.map { " (runs \(scene.words.task($0)))" } ?? ""
            example =
                "; thread \(first.id)\(task) \(scene.words.activity(first))"
                + scene.words.place(first.frames)
        }
        return "the global pool has no thread left for \(Words.count(waiting, "job")) that "
            + "\(waiting == 1 ? "waits" : "wait"): \(all)\(example)"
    }

    private static func evidence(
        _ workers: [ThreadRecord], _ confidence: Finding.Confidence, in scene: Scene
    ) -> [String] {
        var lines = ["\(workers.count) of \(workers.count) workers are blocked"]
        lines += workers.prefix(64).map { scene.words.fact($0) }
        if workers.count > 64 { lines.append("… and \(workers.count - 64) more workers") }
        if confidence == .likely, let look = scene.secondLook { lines.append(look) }
        return lines
    }
}
