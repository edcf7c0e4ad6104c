/// Writes the findings alone, a line each, and nothing where there is none: for scripts.
///
/// The line is `PID NAME KIND CONFIDENCE MESSAGE`, with one space between, and none in the name.
public struct CheckRenderer: Renderer {
    /// How the findings are written.
    public enum Form: Sendable {
        /// A line each.
        case lines
        /// One JSON object, over several lines.
        case json
        /// One JSON object on a line.
        case ndjson
    }

    /// How sure a finding must be to be written.
    public var level: Finding.Confidence
    /// How the findings are written.
    public var form: Form

    /// Memberwise.
    public init(level: Finding.Confidence, form: Form = .lines) {
        self.level = level
        self.form = form
    }

    /// Writes the findings that are sure enough; without one, nothing, or with `verbose` a line
    /// that says so.
    public func render<Sink: ByteSink & ~Copyable>(
        _ report: Report, options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure) {
        let findings = report.findings.filter { $0.confidence >= level }
        switch form {
        case .lines: try renderLines(findings, of: report, options, into: &sink)
        case .json, .ndjson:
            var json = JSONWriter(isSingleLine: form == .ndjson)
            json.members(ofCheck: findings, of: report, FindingPhrases(report.snapshot))
            try json.flush(into: &sink)
        }
    }

    private func renderLines<Sink: ByteSink & ~Copyable>(
        _ findings: [Finding], of report: Report, _ options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure) {
        let process = report.snapshot.process
        // Of a name that is several words, the other columns could not be found.
        let name = PageText(escaping: process.name.isEmpty ? "?" : process.name).withoutSpaces
        var page = TextPage(options: RenderOptions())
        let phrases = FindingPhrases(report.snapshot)
        for finding in findings {
            page.line(
                """
                \(process.pid) \(name) \(finding.kind.rawValue) \(finding.confidence.name) \
                \(phrases.sentence(finding))
                """)
            try page.drain(into: &sink)
        }
        if findings.isEmpty, options.verbose {
            let doubt: PageText =
                report.snapshot.coverage.gaps.isEmpty ? "" : ", in what could be read"
            page.line("\(process.pid) \(name) nothing found\(doubt)")
        }
        try page.flush(into: &sink)
    }
}

extension JSONWriter {
    fileprivate mutating func members(
        ofCheck findings: [Finding], of report: Report, _ phrases: FindingPhrases
    ) {
        open("{")
        member("format", "asyncattach.check")
        member("schemaVersion", JSONRenderer.schemaVersion)
        member("tool", inline: true) { $0.member("version", report.toolVersion) }
        member("pid", report.snapshot.process.pid)
        member("name", report.snapshot.process.name)
        let time = report.snapshot.capture.timeNanoseconds
        member("time", UTCTime(nanosecondsSince1970: time).timestamp)
        member("gaps", report.snapshot.coverage.gaps.count)
        key("findings")
        array(findings) { writer, finding in
            writer.object { $0.members(of: finding, phrases) }
        }
        close("}")
    }
}
