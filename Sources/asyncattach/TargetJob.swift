import AttachCore
import AttachReport
import Glibc

/// What the supervised child does for one target: capture, understand, diagnose, and hand the
/// report on.
struct TargetJob {
    /// Whom.
    let pid: Int32
    /// Nanoseconds after which copying is given up.
    let maximumPause: Int64
    /// Seconds of processor time that reading foreign bytes may take.
    let seconds: UInt32
    /// Whether to look up source lines.
    let readsLines: Bool
    /// Whether to tell where the time went.
    let isVerbose: Bool

    /// The whole job. Messages go to standard error.
    ///
    /// - Parameter deliver: Writes the report; what it returns becomes the outcome, unless that is
    ///   success and something could not be read.
    func run(
        _ progress: (CaptureProgress) -> Void,
        deliver: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> ExitStatus {
        var limits = CaptureLimits()
        limits.maximumPause = maximumPause
        let capture: Capture
        do {
            capture = try LiveCapture.take(pid: pid, limits: limits, progress: progress)
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
        return ReportJob(seconds: seconds, readsLines: readsLines, isVerbose: isVerbose)
            .run(capture, deliver: deliver)
    }
}
