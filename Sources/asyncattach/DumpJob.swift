import AttachCore
import AttachReport
import Glibc

/// What the supervised child does for one target: capture, understand, write.
struct DumpJob {
    /// Whom.
    let pid: Int32
    /// Nanoseconds after which copying is given up.
    let maximumPause: Int64
    /// Seconds of processor time that reading foreign bytes may take.
    let seconds: UInt32
    /// How the report looks.
    let options: RenderOptions
    /// What it is written in.
    let format: OutputFormat
    /// Whether to look up source lines.
    let readsLines: Bool
    /// Whether to tell where the time went.
    let isVerbose: Bool
    /// Where it is written to.
    let descriptor: Int32

    /// The whole job. Messages go to standard error.
    func run(_ progress: (CaptureProgress) -> Void) -> ExitStatus {
        var limits = CaptureLimits()
        limits.maximumPause = maximumPause
        let capture: Capture
        do {
            capture = try LiveCapture.take(pid: pid, limits: limits, progress: progress)
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
        // Foreign bytes may ask for any amount of memory; the honest need grows with the capture.
        SupervisedChild.confine(
            memoryBytes: 8 << 30 + 6 * capture.record.bytes, seconds: UInt64(seconds))
        var wanted = SnapshotOptions()
        wanted.readsLines = readsLines
        var assembler = SnapshotAssembler(capture, options: wanted)
        let snapshot = assembler.snapshot()
        let report = Report(toolVersion: Tool.version, snapshot: snapshot)
        do {
            try write(report)
        } catch {
            if error != .write(errno: EPIPE) { ErrorMessage.print(error.words) }
            return .output
        }
        if isVerbose { printTimings(assembler, capture) }
        return snapshot.coverage.gaps.isEmpty ? .success : .partial
    }

    private func write(_ report: Report) throws(OutputFile.Failure) {
        var sink = DescriptorSink(descriptor)
        switch format {
        case .text: try TextRenderer().render(report, options: options, into: &sink)
        case .json: try JSONRenderer().render(report, options: options, into: &sink)
        case .ndjson:
            try JSONRenderer(isSingleLine: true).render(report, options: options, into: &sink)
        }
    }

    private func printTimings(_ assembler: SnapshotAssembler, _ capture: Capture) {
        var words = ["stopped \(capture.record.pauseNanoseconds / 1000) µs"]
        words += assembler.timings.map { "\($0.part) \($0.nanoseconds / 1000) µs" }
        ErrorMessage.print(words.joined(separator: ", "))
    }
}
