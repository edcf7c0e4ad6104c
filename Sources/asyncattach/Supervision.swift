import AttachCore
import Glibc

/// What a supervised child looks at, and how its end is told to the person.
struct Supervision {
    /// What it reads, e.g. `process 42`.
    let subject: String
    /// Whether that is a process, which has been let go whatever happened.
    let isProcess: Bool
    /// Seconds that it may take altogether.
    let timeout: UInt32

    private var released: String {
        isProcess ? "; the process was released and runs on" : ""
    }

    /// How a supervised look ended, in an exit code.
    func status(
        interrupted: () -> Void, of look: () throws(AttachError) -> SupervisedOutcome
    ) -> ExitStatus {
        do {
            return status(try look(), interrupted: interrupted)
        } catch {
            ErrorMessage.print(error.description)
            return ExitStatus(error)
        }
    }

    /// The outcome in an exit code, with a message where it is not the child's own.
    ///
    /// - Parameter interrupted: Runs before this process dies of a signal such as Ctrl-C.
    func status(_ outcome: SupervisedOutcome, interrupted: () -> Void) -> ExitStatus {
        switch outcome {
        case .exited(SupervisedChild.unbound):
            ErrorMessage.print(
                "the system does not let a process end with its parent (prctl PR_SET_PDEATHSIG), "
                    + "so \(subject) was left alone")
            return .fault
        case .exited(let code):
            return ExitStatus(rawValue: code) ?? .fault
        case .crashed(signal: SIGKILL):
            ErrorMessage.print(
                "the part that reads \(subject) was killed from outside, perhaps because "
                    + "the system ran out of memory\(released)")
            return .fault
        case .crashed(signal: SIGXCPU):
            return status(.timeout, interrupted: interrupted)
        case .crashed(let signal):
            ErrorMessage.print(
                "the part that reads \(subject) was ended by signal \(signal)\(released). This is "
                    + "a fault of asyncattach: please report it")
            return .fault
        case .stopTimeout:
            ErrorMessage.print(
                "\(subject) could not be copied in time and was released; try again, or with "
                    + "a longer --max-pause")
            return .timeout
        case .timeout:
            ErrorMessage.print(
                "reading \(subject) took longer than \(timeout) s"
                    + (isProcess ? "; it was released and runs on" : "")
                    + ". Allow more with --timeout \(UInt64(timeout) * 4)")
            return .timeout
        case .interrupted(let signal):
            interrupted()
            SupervisedChild.die(of: signal)
        }
    }
}
