/// What a snapshot shows: who waits for whom, and what is wrong.
public struct Diagnosis: Sendable {
    /// Who waits for whom.
    public let edges: [Edge]
    /// What is wrong, the most telling first.
    public let findings: [Finding]
    /// Whether something would become surer by watching the process, or by watching on
    /// (`Stillness`).
    public let wantsSecondLook: Bool
    /// How many arrows were followed to find out who is stuck behind what: the cost, for tests.
    let cost: Int

    /// Draws the conclusions. Takes time linear in the size of the snapshot.
    public init(of snapshot: Snapshot) {
        self.init(of: Scene(snapshot))
    }

    init(of scene: Scene) {
        edges = scene.graph.edges
        let suspicions = Finding.Kind.allCases.flatMap { $0.rule.suspicions(in: scene) }.map {
            scene.doubted($0)
        }
        var attribution = Attribution(scene)
        (findings, wantsSecondLook) = attribution.findings(of: suspicions)
        cost = attribution.arrowsFollowed
    }
}

extension Scene {
    /// Whatever rests on a thread that could not be stopped is no more than a hint.
    fileprivate func doubted(_ suspicion: Suspicion) -> Suspicion {
        guard let doubt = doubt(about: suspicion.subjects) else { return suspicion }
        var copy = suspicion
        copy.confidence = .hint
        copy.couldRise = false
        copy.evidence.append(doubt)
        return copy
    }
}
