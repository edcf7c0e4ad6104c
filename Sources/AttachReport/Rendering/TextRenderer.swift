/// Writes a page for people: what is wrong, and what every task, actor and thread does, equal
/// ones once.
public struct TextRenderer: Renderer {
    /// Has no settings of its own.
    public init() {}

    /// Writes the page.
    public func render<Sink: ByteSink & ~Copyable>(
        _ report: Report, options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure) {
        let snapshot = report.snapshot
        let index = SnapshotIndex(snapshot)
        var page = TextPage(options: options)
        page.write(headerOf: report)
        if options.sections.contains(.verdict) {
            page.endLine()
            page.write(verdictOf: report, index: index)
        }
        if options.sections.contains(.tasks) {
            page.endLine()
            try page.write(tasksOf: snapshot, index: index, into: &sink)
        }
        if options.sections.contains(.actors), snapshot.runtime.isPresent {
            page.endLine()
            try page.write(actorsOf: snapshot, index: index, into: &sink)
        }
        if options.sections.contains(.threads) {
            page.endLine()
            try page.write(threadsOf: snapshot, index: index, into: &sink)
        }
        page.endLine()
        page.write(coverageOf: snapshot)
        try page.flush(into: &sink)
    }
}

extension TextPage {
    /// Writes who it was, when, and what it cost.
    mutating func write(headerOf report: Report) {
        let snapshot = report.snapshot
        let process = snapshot.process
        let capture = snapshot.capture
        flow("asyncattach \(report.toolVersion)", indent: TextLayout.entry)
        var parts: [(PageText, Style)] = [
            ("pid \(Self.pids(process)) \(process.name)", .subject),
            (Self.swift(snapshot.runtime), .plain),
            (UTCTime(nanosecondsSince1970: capture.timeNanoseconds).text, .plain),
        ]
        switch capture.source {
        case .live:
            parts.append(("paused \(PageText(nanoseconds: capture.pauseNanoseconds))", .plain))
        case .core: parts.append(("from a core file", .plain))
        }
        if capture.wasJobStopped { parts.append(("already stopped by job control", .alarm)) }
        for (text, style) in parts {
            flow(text, style, gap: 3, indent: TextLayout.entry)
        }
        endLine()
        guard options.verbose else { return }
        if let executable = process.executable {
            line("executable: \(executable)", .quiet, indent: TextLayout.entry)
        }
        if !process.arguments.isEmpty {
            let arguments = process.arguments.map { PageText(quoting: $0) }
            line(
                "arguments: \(PageText.joined(arguments, separator: " "))", .quiet,
                indent: TextLayout.entry)
        }
        if capture.bytes > 0 {
            line("read: \(PageText(byteCount: capture.bytes))", .quiet, indent: TextLayout.entry)
        }
    }

    /// The pid as we see it, and as the process does where it lives in another pid namespace.
    private static func pids(_ process: ProcessRecord) -> PageText {
        guard let inner = process.namespacePIDs.last else { return "\(process.pid)" }
        return "\(process.pid) (\(inner) in its namespace)"
    }

    private static func swift(_ runtime: RuntimeRecord) -> PageText {
        guard runtime.hasSwift else { return "no Swift" }
        guard runtime.isPresent else { return "Swift without concurrency" }
        var text: PageText = runtime.layout.map { "Swift \($0)" } ?? "Swift, version not known"
        if let version = runtime.layoutVersion { text += " (layout \(version))" }
        if runtime.linkage == .static { text += ", linked statically" }
        return text
    }
}
