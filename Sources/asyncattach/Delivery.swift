import AttachCore
import AttachReport
import Glibc

/// What the process that made a report does with it. Messages go to standard error.
struct Delivery {
    /// Whether to tell where the time went.
    let isVerbose: Bool

    /// Writes a report, or says why there is none.
    ///
    /// - Parameter write: Writes the report; what it returns becomes the outcome, unless that is
    ///   success and something could not be read.
    func status(
        _ result: Result<Inspection.Outcome, InspectionError>,
        write: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> ExitStatus {
        let outcome: Inspection.Outcome
        switch result {
        case .success(let made): outcome = made
        case .failure(let error):
            ErrorMessage.print(error.description)
            return ExitStatus(error)
        }
        if let remark = outcome.remark { ErrorMessage.print(remark) }
        let status: ExitStatus
        do {
            status = try write(outcome.report)
        } catch {
            if error != .write(errno: EPIPE) { ErrorMessage.print(error.words) }
            return .output
        }
        if isVerbose { printTimes(outcome.times, outcome.report.snapshot.capture) }
        guard status == .success else { return status }
        return outcome.report.snapshot.coverage.gaps.isEmpty ? .success : .partial
    }

    private func printTimes(_ times: PhaseTimings, _ capture: CaptureRecord) {
        var words: [String] = []
        if capture.source == .live { words.append("stopped \(capture.pauseNanoseconds / 1000) µs") }
        words += times.parts.map {
            let growth = ($0.peakGrowth + 524_288) >> 20
            return "\($0.name) \($0.nanoseconds / 1000) µs" + (growth > 0 ? " +\(growth) MiB" : "")
        }
        ErrorMessage.print(words.joined(separator: ", "))
    }
}

extension InspectionOptions {
    /// What the commands have in common.
    init(seconds: UInt32, readsLines: Bool, _ symbols: SymbolOptions?) {
        self.init()
        timeout = Int64(seconds) * 1_000_000_000
        snapshot.readsLines = readsLines
        // A report without lines is better than none in time.
        snapshot.lineTimeLimit = UInt32(clamping: UInt64(seconds) * 1000 * 2 / 3)
        if let symbols {
            debugFiles = symbols.debugFileOptions(readsLines: readsLines, seconds: seconds)
        }
    }
}
