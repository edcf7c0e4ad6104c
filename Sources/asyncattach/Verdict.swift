import ArgumentParser
import AttachReport

/// How sure a finding must be to count.
enum ConfidenceLevel: String, CaseIterable, ExpressibleByArgument {
    /// Anything: a healthy process can have hints.
    case hint
    /// What healthy processes do not look like.
    case likely
    /// Only what follows from what was read.
    case proven

    /// The same in the report's words.
    var confidence: Finding.Confidence {
        switch self {
        case .hint: .hint
        case .likely: .likely
        case .proven: .proven
        }
    }
}

extension Report {
    /// The findings that are at least as sure as `level`.
    func findings(atLeast level: ConfidenceLevel) -> [Finding] {
        findings.filter { $0.confidence >= level.confidence }
    }

    /// That something could not be read, in a line; nil where all could.
    var remarkOnGaps: String? {
        let gaps = snapshot.coverage.gaps
        guard let first = gaps.first else { return nil }
        let more = gaps.count > 1 ? " and \(gaps.count - 1) more" : ""
        return "process \(snapshot.process.pid): could not read \(first.what)\(more); "
            + "`asyncattach \(snapshot.process.pid)` says why"
    }

    /// What a script hears of this report.
    func status(failingOn level: ConfidenceLevel) -> ExitStatus {
        findings.contains { $0.confidence >= level.confidence } ? .finding : .success
    }
}

extension OutputFormat {
    /// Writes a report in this format.
    func write(
        _ report: Report, options: RenderOptions, to descriptor: Int32
    ) throws(OutputFile.Failure) {
        var sink = DescriptorSink(descriptor)
        switch self {
        case .text: try TextRenderer().render(report, options: options, into: &sink)
        case .json: try JSONRenderer().render(report, options: options, into: &sink)
        case .ndjson:
            try JSONRenderer(isSingleLine: true).render(report, options: options, into: &sink)
        case .dot: try DOTRenderer().render(report, options: options, into: &sink)
        case .mermaid: try MermaidRenderer().render(report, options: options, into: &sink)
        }
    }
}
