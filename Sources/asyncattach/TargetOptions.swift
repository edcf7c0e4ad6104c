import ArgumentParser
import AttachCore
import AttachReport
import Glibc

/// Whom to look at, and how long it may take: the same for every command that looks at processes.
struct TargetOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("A pid or the name of a process.", valueName: "target"))
    var targets: [TargetSelection]

    @Option(help: "Give up copying memory after so many milliseconds and let the process run on.")
    var maxPause: UInt32 = 2000

    @Option(help: "Give up altogether after so many seconds.")
    var timeout: UInt32 = 60

    func validate() throws {
        if maxPause == 0 { throw ValidationError("--max-pause must be at least 1 millisecond.") }
        if timeout == 0 { throw ValidationError("--timeout must be at least 1 second.") }
    }

    /// Looks at each target in turn, in a supervised child of its own, and tells how that ended:
    /// the worst of all.
    ///
    /// - Parameters:
    ///   - interrupted: Runs before this process dies of a signal such as Ctrl-C.
    ///   - deliver: Writes a report, in the child.
    func look(
        readsLines: Bool, isVerbose: Bool, interrupted: () -> Void = {},
        deliver: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> ExitStatus {
        var worst = ExitStatus.success
        for target in targets {
            let pid: Int32
            do {
                pid = try target.pid()
            } catch {
                ErrorMessage.print(error.words)
                worst = worst.worse(.noProcess)
                continue
            }
            let job = TargetJob(
                pid: pid, maximumPause: Int64(maxPause) * 1_000_000, seconds: timeout,
                readsLines: readsLines, isVerbose: isVerbose)
            worst = worst.worse(supervise(job, interrupted: interrupted, deliver: deliver))
        }
        return worst
    }

    private func supervise(
        _ job: TargetJob, interrupted: () -> Void,
        deliver: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> ExitStatus {
        var deadlines = SupervisedChild.Deadlines()
        deadlines.total = Int64(timeout) * 1_000_000_000
        deadlines.stop = min(deadlines.total, Int64(maxPause) * 1_000_000 + 3_000_000_000)
        do {
            var outcome = try SupervisedChild.run(deadlines: deadlines) {
                job.run($0, deliver: deliver).rawValue
            }
            if outcome == .stopTimeout {
                // A knot with the target's exec was cut by ending the child; once more, then.
                outcome = try SupervisedChild.run(deadlines: deadlines) {
                    job.run($0, deliver: deliver).rawValue
                }
            }
            return status(outcome, pid: job.pid, interrupted: interrupted)
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
    }

    private func status(
        _ outcome: SupervisedOutcome, pid: Int32, interrupted: () -> Void
    ) -> ExitStatus {
        switch outcome {
        case .exited(let code):
            return ExitStatus(rawValue: code) ?? .fault
        case .crashed(signal: SIGKILL):
            ErrorMessage.print(
                "the part that reads process \(pid) was killed from outside, perhaps because "
                    + "the system ran out of memory; the process was released and runs on")
            return .fault
        case .crashed(signal: SIGXCPU):
            return status(.timeout, pid: pid, interrupted: interrupted)
        case .crashed(let signal):
            ErrorMessage.print(
                "the part that reads process \(pid) was ended by signal \(signal); the process "
                    + "was released and runs on. This is a fault of asyncattach: please report it")
            return .fault
        case .stopTimeout:
            ErrorMessage.print(
                "process \(pid) could not be copied in time and was released; try again, or with "
                    + "a longer --max-pause")
            return .timeout
        case .timeout:
            ErrorMessage.print(
                "reading process \(pid) took longer than \(timeout) s; it was released and runs "
                    + "on. Allow more with --timeout \(UInt64(timeout) * 4)")
            return .timeout
        case .interrupted(let signal):
            interrupted()
            SupervisedChild.die(of: signal)
        }
    }
}
