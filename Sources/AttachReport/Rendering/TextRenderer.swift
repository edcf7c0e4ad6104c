/// Writes a page for people: what every task and thread does, equal ones once.
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
        if options.sections.contains(.tasks) {
            page.endLine()
            try page.write(tasksOf: snapshot, index: index, into: &sink)
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
        write("asyncattach \(report.toolVersion)")
        write("   pid \(process.pid) \(process.name)", .subject)
        write("   \(Self.swift(snapshot.runtime))")
        write("   \(UTCTime(nanosecondsSince1970: capture.timeNanoseconds).text)")
        switch capture.source {
        case .live: write("   paused \(PageText(nanoseconds: capture.pauseNanoseconds))")
        case .core: write("   from a core file")
        }
        if capture.wasJobStopped { write("   already stopped by job control", .alarm) }
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

    private static func swift(_ runtime: RuntimeRecord) -> PageText {
        guard runtime.hasSwift else { return "no Swift" }
        guard runtime.isPresent else { return "Swift without concurrency" }
        var text: PageText = runtime.layout.map { "Swift \($0)" } ?? "Swift, version not known"
        if let version = runtime.layoutVersion { text += " (layout \(version))" }
        if runtime.linkage == .static { text += ", linked statically" }
        return text
    }
}
