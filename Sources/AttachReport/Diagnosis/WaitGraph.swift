/// Who waits for whom, as numbers: each subject is a node from 0 on, so that walks over 100,000
/// tasks touch arrays and hash nothing.
struct WaitGraph {
    /// One arrow: `from` cannot go on before `to` does something.
    struct Arrow {
        var from: Int32
        var to: Int32
        var kind: Edge.Kind
        /// Whether it stands until `to` acts: no time-out ends it, and nothing about it is guessed.
        var isCertain: Bool
        /// How it is known.
        var evidence: Edge.Evidence
    }

    /// The subject of each node.
    private(set) var subjects: [Subject]
    /// All arrows, by their origin.
    private(set) var arrows: [Arrow]
    /// Where the arrows of a node begin in `arrows`, and one more for the end.
    private var outgoing: [Int32]
    /// The numbers of all arrows, by their goal.
    private var arriving: [Int32]
    /// Where those of a node begin in `arriving`, and one more for the end.
    private var incoming: [Int32]

    init(subjects: [Subject], arrows unsorted: [Arrow]) {
        self.subjects = subjects
        let out = Self.places(of: unsorted.lazy.map(\.from), nodes: subjects.count)
        outgoing = out.starts
        arrows = out.order.map { unsorted[Int($0)] }
        let into = Self.places(of: arrows.lazy.map(\.to), nodes: subjects.count)
        incoming = into.starts
        arriving = into.order
    }

    /// Sorts by counting: linear, and equal ones keep their order.
    private static func places(
        of nodes: some Sequence<Int32>, nodes count: Int
    ) -> (starts: [Int32], order: [Int32]) {
        var starts = [Int32](repeating: 0, count: count + 1)
        var total = 0
        for node in nodes {
            starts[Int(node) + 1] += 1
            total += 1
        }
        for node in 0..<count { starts[node + 1] += starts[node] }
        var next = starts
        var order = [Int32](repeating: 0, count: total)
        for (number, node) in nodes.enumerated() {
            order[Int(next[Int(node)])] = Int32(truncatingIfNeeded: number)
            next[Int(node)] += 1
        }
        return (starts, order)
    }

    /// The places in `arrows` of those that leave a node.
    func leaving(_ node: Int32) -> Range<Int> {
        Int(outgoing[Int(node)])..<Int(outgoing[Int(node) + 1])
    }

    /// The places in `arrows` of those that arrive at a node.
    func arriving(at node: Int32) -> ArraySlice<Int32> {
        arriving[Int(incoming[Int(node)])..<Int(incoming[Int(node) + 1])]
    }

    /// The same as public values.
    var edges: [Edge] {
        arrows.map(edge)
    }

    /// An arrow as a public value.
    func edge(_ arrow: Arrow) -> Edge {
        Edge(
            from: subjects[Int(arrow.from)], to: subjects[Int(arrow.to)], kind: arrow.kind,
            evidence: arrow.evidence)
    }
}
