/// `deadlock`: a cycle of waits.
enum DeadlockRule: Rule {
    static let explanation = Explanation(
        kind: .deadlock, title: "Some wait for each other in a circle", label: "DEADLOCK",
        meaning: """
            Each of them waits for something that the next one has, and the last waits for the \
            first. None can go on before another does, so none ever will. Waiting longer does not \
            help.

            The classic case has two threads and two locks: one thread holds lock A and wants B, \
            the other holds B and wants A. Other forms: a thread that locks a lock which it holds \
            already, `DispatchQueue.sync` onto the queue one is running on, tasks that await each \
            other's values, threads that join each other.
            """,
        makingSure: """
            A deadlock among locks, queues and tasks that carry no time-out is read off one \
            consistent picture of the process, so there is nothing to make sure of: it is proven. \
            If it is only a hint, one of the waits has a time-out and will end by itself; then \
            look again after that time; or a thread waits for a mutex that it has itself, which \
            another thread may unlock. The evidence lists every step of the circle; follow it in \
            the source, from one line to the next.
            """,
        mending: """
            Locks: always take them in the same order, everywhere; or hold only one at a time. \
            Never call code that you do not know (a callback, a delegate, an `await`ed closure) \
            while holding a lock.

            A lock taken twice by its owner: split the function into a public one that locks and \
            a private one that expects the lock to be held.

            `DispatchQueue.sync`: call it only from outside the queue, or use `async`.

            Tasks: a task must not await a task that (through others) awaits it. Let one of the \
            two hand its result over before it waits, or give the result to both from a third \
            task.
            """)

    private static let advice =
        "Follow the circle in the source, and break it at one step: one order for all locks, no "
        + "sync onto a queue one is on, no task that awaits its awaiter"

    static func suspicions(in scene: Scene) -> [Suspicion] {
        var suspicions = scene.cycles.compactMap { suspicion($0, in: scene, isCertain: true) }
        let known = Set(scene.cycles.lazy.joined())
        // Circles in which a wait has a time-out open by themselves.
        let isDoubtful = scene.graph.arrows.contains {
            !$0.isCertain && ($0.kind == .waitsFor || $0.kind == .joins)
        }
        guard isDoubtful else { return suspicions }
        let others = Cycles.find(in: scene.graph) {
            $0.isCertain || $0.kind == .waitsFor || $0.kind == .joins
        }
        for cycle in others where !cycle.contains(where: known.contains) {
            if let other = suspicion(cycle, in: scene, isCertain: false) {
                suspicions.append(other)
            }
        }
        return suspicions
    }

    private static func suspicion(
        _ cycle: [Int], in scene: Scene, isCertain: Bool
    ) -> Suspicion? {
        let arrows = cycle.map { scene.graph.arrows[$0] }
        let nodes = arrows.map(\.from)
        let subjects = nodes.map { scene.graph.subjects[Int($0)] }
        var evidence = arrows.prefix(100).map { step($0, in: scene) }
        if arrows.count > 100 { evidence.append("… and \(arrows.count - 100) more steps") }
        if !isCertain { evidence.append("a wait in the circle has a time-out") }
        guard let certainty = certainty(nodes, in: scene, isCertain: isCertain) else { return nil }
        if certainty.0 == .likely, let look = scene.secondLook { evidence.append(look) }
        return Suspicion(
            kind: .deadlock, phase: .cycle, severity: .problem,
            confidence: certainty.0, couldRise: certainty.couldRise, roots: nodes,
            subjects: subjects,
            message: message(nodes, in: scene), evidence: evidence, advice: advice)
    }

    /// A lock that is no queue can be given back by another thread than its owner: it is not
    /// allowed, and it works. Where a thread waits for itself alone, that may yet happen.
    private static func certainty(
        _ nodes: [Int32], in scene: Scene, isCertain: Bool
    ) -> (Finding.Confidence, couldRise: Bool)? {
        guard isCertain else { return (.hint, false) }
        let threads = nodes.compactMap { scene.thread(at: $0) }
        guard threads.count == 1, nodes.allSatisfy({ scene.task(at: $0) == nil }),
            let kind = threads[0].wait?.kind, [.mutex, .lock].contains(kind)
        else { return (.proven, false) }
        if RestingDesign.isLike(threads[0], threads, in: scene) { return (.hint, false) }
        return scene.certainty(thatStandForGood: threads)
    }

    private static func step(_ arrow: WaitGraph.Arrow, in scene: Scene) -> String {
        if arrow.kind == .waitsFor || arrow.kind == .joins,
            let thread = scene.thread(at: arrow.from)
        {
            return scene.words.fact(thread)
        }
        let from = scene.words.name(scene.graph.subjects[Int(arrow.from)])
        let to = scene.words.name(scene.graph.subjects[Int(arrow.to)])
        var place = ""
        if let task = scene.task(at: arrow.from) { place = scene.words.place(task.frames) }
        return "\(from) \(verb(arrow.kind)) \(to)\(place) (\(arrow.evidence))"
    }

    private static func message(_ nodes: [Int32], in scene: Scene) -> String {
        let words = scene.words
        let threads = nodes.compactMap { scene.thread(at: $0) }
        let tasks = nodes.compactMap { scene.task(at: $0) }
        if threads.count == 1, tasks.isEmpty, let only = threads.first, let wait = only.wait {
            let what =
                wait.kind == .join ? "its own end" : "\(Words.thing(wait)) that it holds itself"
            return "thread \(only.id) waits for \(what)\(Words.clause(words.place(only.frames)))"
        }
        if threads.isEmpty, tasks.count == 1, let only = tasks.first {
            return
                "\(words.task(only.id)) awaits its own end\(Words.clause(words.place(only.frames)))"
        }
        // Who takes part, each with the place where it waits.
        var parts: [String] = []
        for node in nodes where parts.count < 6 {
            if let task = scene.task(at: node), task.state != .running {
                parts.append(words.task(task.id) + words.place(task.frames))
            } else if let thread = scene.thread(at: node) {
                let task = thread.task.map { " (runs \(words.task($0)))" } ?? ""
                parts.append("thread \(thread.id)\(task)\(words.place(thread.frames))")
            }
        }
        let count = threads.count + tasks.count { $0.state != .running }
        let list = Words.list(
            count > parts.count ? parts + ["\(count - parts.count) more"] : parts)
        return "\(list) wait for each other\(count > 2 ? " in a circle" : "")"
    }

    /// Between who waits and whom for.
    private static func verb(_ kind: Edge.Kind) -> String {
        switch kind {
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
