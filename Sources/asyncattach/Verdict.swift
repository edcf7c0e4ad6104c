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

    /// Why there may be less to find than a script expects, a line each.
    var remarks: [String] {
        let pid = snapshot.process.pid
        var remarks: [String] = []
        if !snapshot.runtime.hasSwift {
            remarks.append(
                "process \(pid) has no Swift code; only what its threads wait for was looked at")
        }
        if let first = snapshot.coverage.gaps.first {
            let count = snapshot.coverage.gaps.count
            remarks.append(
                "process \(pid): could not read \(first.subject.phrase)"
                    + (count > 1 ? " and \(count - 1) more" : "")
                    + "; `asyncattach \(pid)` says why")
        }
        return remarks
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
