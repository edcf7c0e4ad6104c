import AttachCore
import Glibc

/// The exit codes, which scripts rely on. They are listed in the manual and never change meaning.
enum ExitStatus: Int32 {
    /// Done.
    case success = 0
    /// A finding at or above the level that was asked for.
    case finding = 1
    /// Done in part: something could not be read; what and why is in the report.
    case partial = 2
    /// No such process or core file, or it ended meanwhile.
    case noProcess = 3
    /// Not permitted.
    case notPermitted = 4
    /// Not a 64-bit ELF process or core file, or not a CPU we know.
    case notSupported = 5
    /// It took too long.
    case timeout = 6
    /// Wrong arguments (EX_USAGE, sysexits.h).
    case usage = 64
    /// We failed ourselves (EX_SOFTWARE): for want of something that the message names, such as
    /// descriptors or memory, or by a fault of our own.
    case fault = 70
    /// The output could not be written (EX_IOERR).
    case output = 74

    /// The code for a capture that failed.
    init(_ error: AttachError) {
        switch error {
        case .noSuchProcess, .ended, .zombie, .kernelThread: self = .noProcess
        case .ourselves: self = .usage
        case .notPermitted: self = .notPermitted
        case .notSupported: self = .notSupported
        case .keptChanging: self = .timeout
        case .system: self = .fault
        }
    }

    /// The code for a core file that cannot be read.
    init(_ error: CoreFileError) {
        switch error {
        case .file(_, errno: EACCES), .file(_, errno: EPERM): self = .notPermitted
        case .file(_, errno: EMFILE), .file(_, errno: ENFILE), .file(_, errno: ENOMEM),
            .file(_, errno: ENOSPC), .noTemporaryFile:
            self = .fault
        case .file: self = .noProcess
        case .notACore, .notSupported, .damaged: self = .notSupported
        }
    }

    /// The code for a look that gave no report.
    init(_ error: InspectionError) {
        switch error {
        case .attach(let error): self.init(error)
        case .core(let error): self.init(error)
        case .stopLate, .late: self = .timeout
        case .workerFailed, .stopperFailed: self = .fault
        }
    }

    /// Whether the report was written.
    var hasReport: Bool { self == .success || self == .finding || self == .partial }

    /// Whether there was nobody to look at, or no way to, and so nothing was written.
    var isRefusal: Bool { self == .noProcess || self == .notPermitted || self == .notSupported }

    /// The code for several targets: the one of these that a script must hear of first. A finding
    /// comes before everything but a report that was not written; what could not be looked at
    /// comes before what was healthy.
    func worse(_ other: ExitStatus) -> ExitStatus {
        let order: [ExitStatus] = [
            .output, .finding, .fault, .usage, .notPermitted, .notSupported, .timeout, .noProcess,
            .partial,
        ]
        return order.first { $0 == self || $0 == other } ?? .success
    }
}
