/// The wait graph as it is drawn: subjects that stand at one place and wait for the same are one
/// node, so that its size does not depend on how many tasks there are.
struct GraphDrawing {
    /// What is drawn for one subject, or for many.
    struct Node {
        /// The subjects, in order of appearance; never empty.
        var members: [Subject]
        /// Its first line names it, the others say what it does.
        var lines: [PageText] = []
        /// Whether it is part of a cycle of waits.
        var isInCycle = false
        /// Whether it is at the root of a finding that is no mere hint.
        var isSuspect = false
    }

    /// An arrow between nodes, which stands for one edge or many.
    struct Arrow {
        let from: Int
        let to: Int
        let kind: Edge.Kind
        var count: Int
        /// Whether it is part of a cycle of waits.
        let isInCycle: Bool

        /// What is written on it.
        var label: PageText { count == 1 ? kind.verb : "\(kind.verb) (\(count) times)" }
    }

    /// Nodes drawn at most, unless everything is asked for: what a person can follow, and what
    /// viewers of such graphs accept.
    static let mostNodes = 60

    private(set) var nodes: [Node] = []
    private(set) var arrows: [Arrow] = []
    /// Nodes that are not drawn.
    private(set) var leftOut = 0

    init(_ report: Report, options: RenderOptions) {
        let index = SnapshotIndex(report.snapshot)
        var builder = GraphJoining(report, joins: !options.showAll)
        let all = builder.nodes()
        let arrows = builder.arrows(between: all.count)
        let kept =
            options.showAll || all.count <= Self.mostNodes
            ? Array(all.indices) : Self.selection(of: all, arrows, report, builder)
        leftOut = all.count - kept.count
        var places: [Int: Int] = [:]
        for (place, node) in kept.enumerated() { places[node] = place }
        nodes = kept.map { all[$0] }
        for node in nodes.indices {
            nodes[node].lines = Self.lines(of: nodes[node], index: index, options: options)
        }
        self.arrows = arrows.compactMap { arrow in
            guard let from = places[arrow.from], let to = places[arrow.to] else { return nil }
            return Arrow(
                from: from, to: to, kind: arrow.kind, count: arrow.count,
                isInCycle: arrow.isInCycle)
        }
    }

    /// What is said where not everything is drawn.
    var note: PageText? {
        if nodes.isEmpty { return "nobody waits for anybody" }
        return leftOut == 0 ? nil : "\(leftOut) more that wait are left out; --all draws them"
    }

    /// The nodes that matter: what findings name, what leads on from there, then those for which
    /// most others wait.
    private static func selection(
        of nodes: [Node], _ arrows: [Arrow], _ report: Report, _ builder: GraphJoining
    ) -> [Int] {
        var kept: [Int] = []
        var isKept = Array(repeating: false, count: nodes.count)
        func keep(_ node: Int) {
            guard !isKept[node], kept.count < mostNodes else { return }
            isKept[node] = true
            kept.append(node)
        }
        for finding in report.findings {
            for subject in finding.subjects { builder.node(of: subject).map(keep) }
        }
        for finding in report.findings {
            for subject in finding.affected.prefix(mostNodes) {
                builder.node(of: subject).map(keep)
            }
        }
        var outgoing = Array(repeating: [Int](), count: nodes.count)
        var waiting = Array(repeating: 0, count: nodes.count)
        for arrow in arrows {
            outgoing[arrow.from].append(arrow.to)
            waiting[arrow.to] += arrow.count
        }
        var next = 0
        while next < kept.count {
            outgoing[kept[next]].forEach(keep)
            next += 1
        }
        let order = nodes.indices.filter { waiting[$0] > 0 }.sorted {
            (waiting[$1], $0) < (waiting[$0], $1)
        }
        for node in order { keep(node) }
        next = 0
        while next < kept.count {
            outgoing[kept[next]].forEach(keep)
            next += 1
        }
        return kept.sorted()
    }

    private static func lines(
        of node: Node, index: SnapshotIndex, options: RenderOptions
    ) -> [PageText] {
        guard let first = node.members.first else { return [] }
        var lines: [PageText] = []
        if node.members.count == 1 {
            lines.append(index.reference(to: first, verbose: options.verbose))
        } else {
            lines.append(index.census(of: node.members))
        }
        switch first {
        case .task:
            let tasks = node.members.compactMap { subject -> TaskRecord? in
                if case .task(let id) = subject { index.task(id) } else { nil }
            }
            if !tasks.isEmpty {
                lines.append(
                    TaskWords(tasks: tasks, index: index, verbose: options.verbose).activity)
            }
        case .thread(let id):
            if let thread = index.thread(id) {
                lines.append(
                    ThreadWords(index: index, verbose: options.verbose).activity(of: thread))
            }
        case .actor, .mainActor, .executor, .globalExecutor:
            if let queued = index.actor(first)?.queue.count, queued > 0 {
                lines.append("\(queued) queued")
            }
        case .continuation(let id):
            switch index.task(id)?.continuation?.reach {
            case .nowhere?: lines.append("nobody can resume it")
            case .held(let holders)?:
                if let holder = holders.first {
                    lines.append("referenced by \(index.phrase(of: holder))")
                }
            case .unknown?, nil: break
            }
        case .group, .lock, .queue: break
        }
        switch first {
        case .task, .thread:
            if let reason = StackReason(first, index: index) {
                lines.append(
                    reason.place.isEmpty
                        ? reason.function : "\(reason.function)  \(reason.place)")
            }
        default: break
        }
        return lines.map { $0.shortened(to: TextLayout.paragraph) }
    }
}
