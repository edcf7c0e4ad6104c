/// Decides which suspicions are findings, and who is stuck behind each.
///
/// The surest are taken first, among equals those that others may follow from. From its roots, a
/// finding claims everybody who waits for them, directly or through others; each is claimed once.
/// A suspicion whose roots are all claimed follows from a finding and is none itself.
struct Attribution {
    private let scene: Scene
    private var isClaimed: [Bool]
    /// Those that something claimed that is more than a hint.
    private var isSurelyClaimed: [Bool]
    /// Children that a group, a node, still waits for and that nothing has claimed.
    private var unclaimed: [Int32: Int] = [:]
    /// How many arrows were looked at: the cost, for tests.
    private(set) var arrowsFollowed = 0

    init(_ scene: Scene) {
        self.scene = scene
        isClaimed = [Bool](repeating: false, count: scene.graph.subjects.count)
        isSurelyClaimed = isClaimed
        for group in scene.snapshot.groups {
            guard let node = scene.index.node(ofGroup: group.address) else { continue }
            let ended = group.children.reduce(0) {
                scene.task($1)?.state == .completed ? $0 + 1 : $0
            }
            unclaimed[node] = group.children.count - ended
        }
    }

    /// The findings, and whether one of them could become surer.
    mutating func findings(of suspicions: [Suspicion]) -> (findings: [Finding], couldRise: Bool) {
        let ordered = suspicions.enumerated().sorted { left, right in
            if left.element.confidence != right.element.confidence {
                return left.element.confidence > right.element.confidence
            }
            if left.element.phase != right.element.phase {
                return left.element.phase.rawValue < right.element.phase.rawValue
            }
            if left.element.distance != right.element.distance {
                return left.element.distance < right.element.distance
            }
            return left.offset < right.offset
        }
        var findings: [Finding] = []
        var couldRise = false
        for (_, suspicion) in ordered where suspicion.raisedBehind == nil {
            if suspicion.roots.allSatisfy({ isClaimed[Int($0)] }) { continue }
            couldRise = couldRise || suspicion.couldRise
            findings.append(finding(suspicion))
        }
        for (_, var suspicion) in ordered {
            guard let nodes = suspicion.raisedBehind else { continue }
            if !nodes.isEmpty, nodes.allSatisfy({ isSurelyClaimed[Int($0)] }) {
                suspicion.confidence = max(suspicion.confidence, .likely)
            }
            findings.append(finding(suspicion))
        }
        return (sorted(findings), couldRise)
    }

    private mutating func finding(_ suspicion: Suspicion) -> Finding {
        let subjects = Set(suspicion.subjects)
        var affected = claim(suspicion.roots)
        affected.sort()
        if suspicion.confidence > .hint {
            for node in affected { isSurelyClaimed[Int(node)] = true }
        }
        return Finding(
            suspicion.cause, severity: suspicion.severity, confidence: suspicion.confidence,
            subjects: suspicion.subjects,
            affected: affected.map { scene.graph.subjects[Int($0)] }.filter {
                Self.canBeStuck($0) && !subjects.contains($0)
            },
            evidence: suspicion.evidence,
            unchanged: suspicion.confidence == .likely && suspicion.raisedBehind == nil
                ? scene.watched : nil)
    }

    /// What a reader counts; the rest is what lies between.
    private static func canBeStuck(_ subject: Subject) -> Bool {
        switch subject {
        case .task, .thread, .actor, .mainActor, .executor, .globalExecutor: true
        case .group, .continuation, .lock, .queue: false
        }
    }

    /// Claims the roots and all who wait for them.
    private mutating func claim(_ roots: [Int32]) -> [Int32] {
        var claimed: [Int32] = []
        for root in roots where !isClaimed[Int(root)] {
            isClaimed[Int(root)] = true
            claimed.append(root)
        }
        var workersLeft = scene.pool?.workers.count ?? 0
        var next = 0
        while next < claimed.count {
            let node = claimed[next]
            next += 1
            for place in scene.graph.arriving(at: node) {
                arrowsFollowed += 1
                let arrow = scene.graph.arrows[Int(place)]
                guard !isClaimed[Int(arrow.from)], arrow.kind != .resumableBy else { continue }
                // A group goes on as long as one child can; the pool, as long as one thread can.
                switch (arrow.kind, scene.graph.subjects[Int(arrow.from)]) {
                case (.hasChild, .group):
                    let left = unclaimed[arrow.from, default: 0] - 1
                    unclaimed[arrow.from] = left
                    guard left <= 0 else { continue }
                case (.heldBy, .globalExecutor):
                    workersLeft -= 1
                    guard workersLeft <= 0 else { continue }
                default: break
                }
                isClaimed[Int(arrow.from)] = true
                claimed.append(arrow.from)
            }
        }
        return claimed
    }

    private func sorted(_ findings: [Finding]) -> [Finding] {
        findings.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.confidence != b.confidence { return a.confidence > b.confidence }
            if a.severity != b.severity { return a.severity.rank < b.severity.rank }
            if a.affected.count != b.affected.count { return a.affected.count > b.affected.count }
            return left.offset < right.offset
        }.map(\.element)
    }
}

extension Finding.Severity {
    fileprivate var rank: Int {
        switch self {
        case .problem: 0
        case .warning: 1
        case .note: 2
        }
    }
}
