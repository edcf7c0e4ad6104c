import AttachCore

/// What the supervised child does for one target: capture it, and hand the capture on.
struct TargetJob {
    /// Whom.
    let pid: Int32
    /// Nanoseconds after which copying is given up.
    let maximumPause: Int64

    /// The whole job. Messages go to standard error.
    ///
    /// - Parameter use: Does something with the capture; what it returns becomes the outcome.
    func run(
        _ progress: (CaptureProgress) -> Void, use: (Capture) -> ExitStatus
    ) -> ExitStatus {
        var limits = CaptureLimits()
        limits.maximumPause = maximumPause
        do {
            return use(try LiveCapture.take(pid: pid, limits: limits, progress: progress))
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
    }
}
