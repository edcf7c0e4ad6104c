import AttachCore
import AttachReport
import Glibc

/// What is done with a capture, wherever it comes from: understand, diagnose, and hand the report
/// on.
struct ReportJob {
    /// Seconds of processor time that reading foreign bytes may take.
    let seconds: UInt32
    /// For how long to watch a process of which something is suspected.
    var patience = Patience(seconds: 0)
    /// Whether to look up source lines.
    let readsLines: Bool
    /// Where names and lines come from beside the mapped files.
    let symbols: SymbolOptions
    /// Whether to tell where the time went.
    let isVerbose: Bool

    /// The whole job; opens what else is to be read, and gives up this process's privileges. Messages
    /// go to standard error.
    ///
    /// - Parameters:
    ///   - start: When it began, by the monotonic clock.
    ///   - deliver: Writes the report; what it returns becomes the outcome, unless that is success
    ///     and something could not be read.
    func run(
        _ capture: Capture, since start: Int64,
        deliver: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> ExitStatus {
        let debugFiles = DebugFiles(
            of: capture, options: symbols.debugFileOptions(readsLines: readsLines, seconds: seconds)
        )
        if let remark = debugFiles.remark { ErrorMessage.print(remark) }
        capture.confine(seconds: seconds)
        var wanted = SnapshotOptions()
        wanted.readsLines = readsLines
        // A report without lines is better than none in time.
        wanted.lineTimeLimit = UInt32(clamping: UInt64(seconds) * 1000 * 2 / 3)
        var assembler = SnapshotAssembler(capture, options: wanted, debugFiles: debugFiles)
        let snapshot = assembler.snapshot()
        var times = assembler.times
        let report = report(on: snapshot, of: capture, since: start, &times)
        let status: ExitStatus
        do {
            status = try deliver(report)
        } catch {
            if error != .write(errno: EPIPE) { ErrorMessage.print(error.words) }
            return .output
        }
        if isVerbose { printTimes(times, capture) }
        guard status == .success else { return status }
        return report.snapshot.coverage.gaps.isEmpty ? .success : .partial
    }

    /// From what was seen to what it means. Where watching makes that surer, the process is watched
    /// until it does not any more, or patience or time is at its end.
    private func report(
        on snapshot: Snapshot, of capture: Capture, since start: Int64,
        _ times: inout PhaseTimings
    ) -> Report {
        var snapshot = snapshot
        var diagnosis = times.measure("diagnosis") { Diagnosis(of: snapshot) }
        if diagnosis.wantsSecondLook {
            snapshot.stillness = times.measure("watching") {
                ProcessWatch(seconds: seconds, patience: patience)
                    .stillness(of: snapshot, capture, since: start)
            }
            diagnosis = times.measure("second diagnosis") { Diagnosis(of: snapshot) }
        }
        return Report(
            toolVersion: Tool.version, snapshot: snapshot, edges: diagnosis.edges,
            findings: diagnosis.findings)
    }

    private func printTimes(_ times: PhaseTimings, _ capture: Capture) {
        var words: [String] = []
        if capture.record.source == .live {
            words.append("stopped \(capture.record.pauseNanoseconds / 1000) µs")
        }
        words += times.parts.map {
            let growth = ($0.peakGrowth + 524_288) >> 20
            return "\($0.name) \($0.nanoseconds / 1000) µs" + (growth > 0 ? " +\(growth) MiB" : "")
        }
        ErrorMessage.print(words.joined(separator: ", "))
    }
}
