import AttachCore

/// What the supervised child does for one target: capture it, and hand the capture on.
struct TargetJob {
    /// Whom.
    let pid: Int32
    /// When it began, by the monotonic clock.
    let start = Clock.monotonic()
    /// Nanoseconds after which copying is given up.
    let maximumPause: Int64

    /// The whole job. Messages go to standard error.
    ///
    /// - Parameter use: Does something with the capture, and is told when the job began, by the
    ///   monotonic clock; what it returns becomes the outcome.
    func run(
        _ progress: (CaptureProgress) -> Void, use: (Capture, _ start: Int64) -> ExitStatus
    ) -> ExitStatus {
        var limits = CaptureLimits()
        limits.maximumPause = maximumPause
        do {
            return use(try LiveCapture.take(pid: pid, limits: limits, progress: progress), start)
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
    }
}
