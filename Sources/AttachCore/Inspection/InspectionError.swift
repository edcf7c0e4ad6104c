/// Why there is no report. The description says what is wrong and the way out, in one line.
public enum InspectionError: Error, Hashable, Sendable {
    /// No capture of the process can be had.
    case attach(AttachError)
    /// The core file cannot be read.
    case core(CoreFileError)
    /// The target could not be stopped and copied in time; it was released.
    case stopLate
    /// The report was not made in time; the target runs on.
    case late
    /// The process that reads what was captured ended without a report: by this signal, or by none
    /// (0) where what it said made no sense.
    case workerFailed(signal: Int32)
    /// The process that stops the target ended unexpectedly, which released the target.
    case stopperFailed

    init(_ failure: Channel.Failure) {
        switch failure {
        case .late: self = .late
        case .closed, .malformed: self = .stopperFailed
        case .system(let errno):
            self = .attach(.system(what: "talk to a process of ours", errno: errno))
        }
    }
}
