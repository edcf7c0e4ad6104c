/// Writes the wait graph as a Mermaid flowchart (mermaid.js.org), which issue trackers draw.
public struct MermaidRenderer: Renderer {
    /// Has no settings of its own.
    public init() {}

    /// Writes one flowchart.
    public func render<Sink: ByteSink & ~Copyable>(
        _ report: Report, options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure) {
        let graph = GraphDrawing(report, options: options)
        var buffer = OutputBuffer()
        buffer.append("flowchart LR\n")
        if let note = graph.note { buffer.append("  note[\(Self.quoted([note]))]\n") }
        for (number, node) in graph.nodes.enumerated() {
            let (left, right) = Self.brackets(of: node)
            buffer.append("  n\(number)\(left)\(Self.quoted(node.lines))\(right)\n")
            try buffer.drain(into: &sink)
        }
        for arrow in graph.arrows {
            let line = arrow.isInCycle ? "==>" : "-->"
            buffer.append(
                "  n\(arrow.from) \(line)|\(Self.quoted([arrow.label]))| n\(arrow.to)\n")
            try buffer.drain(into: &sink)
        }
        write(graph.nodes, as: "cycle", into: &buffer) { $0.isInCycle }
        write(graph.nodes, as: "suspect", into: &buffer) { $0.isSuspect && !$0.isInCycle }
        try buffer.flush(into: &sink)
    }

    private func write(
        _ nodes: [GraphDrawing.Node], as style: String, into buffer: inout OutputBuffer,
        where isMeant: (GraphDrawing.Node) -> Bool
    ) {
        let names = nodes.indices.filter { isMeant(nodes[$0]) }.map { "n\($0)" }
        guard !names.isEmpty else { return }
        let fill = style == "cycle" ? "fill:#ffe0e0," : ""
        buffer.append("  classDef \(style) \(fill)stroke:#cc0000,stroke-width:3px\n")
        buffer.append("  class \(names.joined(separator: ",")) \(style)\n")
    }

    /// A quoted string. In it `#` begins an entity, a backtick Markdown, `%%` a comment or
    /// directive, and `\n` was a line break once, so all of these are written as entities.
    private static func quoted(_ lines: [PageText]) -> String {
        var result = "\""
        for (number, line) in lines.enumerated() {
            if number > 0 { result += "<br/>" }
            for scalar in line.string.unicodeScalars {
                switch scalar {
                case "\"", "#", "<", ">", "&", "`", "%", "\\", ";", "|", "[", "]", "{", "}":
                    result += "#\(scalar.value);"
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    private static func brackets(of node: GraphDrawing.Node) -> (String, String) {
        switch node.members.first {
        case .thread: ("[[", "]]")
        case .actor, .mainActor, .executor, .globalExecutor: ("{{", "}}")
        case .lock, .queue: ("{", "}")
        case .continuation: ("([", "])")
        case .group: ("[/", "/]")
        case .task, nil: ("[", "]")
        }
    }
}
