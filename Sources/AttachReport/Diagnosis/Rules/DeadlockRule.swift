/// `deadlock`: a cycle of waits.
enum DeadlockRule: Rule {
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
        if arrows.count > 100 { evidence.append(.more(arrows.count - 100, .steps)) }
        if !isCertain { evidence.append(.timeout) }
        guard let certainty = certainty(nodes, in: scene, isCertain: isCertain) else { return nil }
        if certainty.0 == .likely, let look = scene.secondLook { evidence.append(look) }
        return Suspicion(
            cause: .deadlock, phase: .cycle, severity: .problem,
            confidence: certainty.0, couldRise: certainty.couldRise, roots: nodes,
            subjects: subjects, evidence: evidence)
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

    private static func step(_ arrow: WaitGraph.Arrow, in scene: Scene) -> Finding.Fact {
        if arrow.kind == .waitsFor || arrow.kind == .joins,
            let thread = scene.thread(at: arrow.from)
        {
            return .thread(thread.id)
        }
        return .edge(scene.graph.edge(arrow))
    }
}
