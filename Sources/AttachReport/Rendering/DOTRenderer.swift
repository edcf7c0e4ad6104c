/// Writes the wait graph in the language of Graphviz (graphviz.org/doc/info/lang.html).
public struct DOTRenderer: Renderer {
    /// Has no settings of its own.
    public init() {}

    /// Writes one directed graph.
    public func render<Sink: ByteSink & ~Copyable>(
        _ report: Report, options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure) {
        let graph = GraphDrawing(report, options: options)
        let process = report.snapshot.process
        var buffer = OutputBuffer()
        buffer.append("digraph waits {\n")
        buffer.append("  rankdir=LR;\n")
        buffer.append(
            "  node [shape=box, fontname=\"sans-serif\", style=filled, fillcolor=white];\n")
        buffer.append("  edge [fontname=\"sans-serif\", fontsize=10];\n")
        var title: [PageText] = ["pid \(process.pid) \(process.name)"]
        if let note = graph.note { title.append(note) }
        buffer.append("  label=\(Self.quoted(title));\n")
        for (number, node) in graph.nodes.enumerated() {
            var attributes = "label=\(Self.quoted(node.lines))"
            if let shape = Self.shape(of: node) { attributes += ", shape=\(shape)" }
            if node.isInCycle {
                attributes += ", color=red, penwidth=3, fillcolor=\"#ffe0e0\""
            } else if node.isSuspect {
                attributes += ", color=red, penwidth=2"
            }
            buffer.append("  n\(number) [\(attributes)];\n")
            try buffer.drain(into: &sink)
        }
        for arrow in graph.arrows {
            var attributes = "label=\(Self.quoted([arrow.label]))"
            if arrow.isInCycle { attributes += ", color=red, penwidth=3" }
            buffer.append("  n\(arrow.from) -> n\(arrow.to) [\(attributes)];\n")
            try buffer.drain(into: &sink)
        }
        buffer.append("}\n")
        try buffer.flush(into: &sink)
    }

    /// A quoted string: in it a backslash begins an escape, so that it is doubled.
    private static func quoted(_ lines: [PageText]) -> String {
        var result = "\""
        for (number, line) in lines.enumerated() {
            if number > 0 { result += "\\n" }
            for scalar in line.string.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func shape(of node: GraphDrawing.Node) -> String? {
        switch node.members.first {
        case .thread: "component"
        case .actor, .mainActor, .executor, .globalExecutor: "hexagon"
        case .lock, .queue: "diamond"
        case .continuation: "ellipse"
        case .group: "folder"
        case .task, nil: nil
        }
    }
}
