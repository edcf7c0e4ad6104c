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

    /// Looks at each target in turn, in a supervised child of its own.
    ///
    /// - Parameters:
    ///   - interrupted: Runs before this process dies of a signal such as Ctrl-C.
    ///   - deliver: Writes a report, in the child.
    func look(
        readsLines: Bool, symbols: SymbolOptions, isVerbose: Bool, interrupted: () -> Void = {},
        deliver: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> Outcome {
        let job = ReportJob(
            seconds: timeout, readsLines: readsLines, symbols: symbols, isVerbose: isVerbose)
        return capture(interrupted: interrupted) { job.run($0, deliver: deliver) }
    }

    /// How it ended with all targets.
    struct Outcome {
        /// The worst of all.
        var status = ExitStatus.success
        /// Whether something was written for a target, and nothing in part: one that could not be
        /// looked at takes nothing from the reports on the others.
        var isWorthKeeping: Bool { hasOutput && !isBroken }
        private var hasOutput = false
        private var isBroken = false

        fileprivate mutating func add(_ status: ExitStatus) {
            self.status = self.status.worse(status)
            if status.hasReport {
                hasOutput = true
            } else if !status.isRefusal {
                isBroken = true
            }
        }
    }

    /// Captures each target in turn, in a supervised child of its own.
    ///
    /// - Parameters:
    ///   - interrupted: Runs before this process dies of a signal such as Ctrl-C.
    ///   - use: Does something with a capture, in the child.
    func capture(interrupted: () -> Void, use: (Capture) -> ExitStatus) -> Outcome {
        var outcome = Outcome()
        for target in targets {
            let pid: Int32
            do {
                pid = try target.pid()
            } catch {
                ErrorMessage.print(error.words)
                outcome.add(.noProcess)
                continue
            }
            let job = TargetJob(pid: pid, maximumPause: Int64(maxPause) * 1_000_000)
            outcome.add(supervise(job, interrupted: interrupted, use: use))
        }
        return outcome
    }

    private func supervise(
        _ job: TargetJob, interrupted: () -> Void, use: (Capture) -> ExitStatus
    ) -> ExitStatus {
        var deadlines = SupervisedChild.Deadlines()
        deadlines.total = Int64(timeout) * 1_000_000_000
        deadlines.stop = min(deadlines.total, Int64(maxPause) * 1_000_000 + 3_000_000_000)
        let start = ContinuousClock.now
        let supervision = Supervision(
            subject: "process \(job.pid)", isProcess: true, timeout: timeout)
        do {
            var outcome = try SupervisedChild.run(deadlines: deadlines) {
                job.run($0, use: use).rawValue
            }
            if outcome == .stopTimeout {
                // A knot with the target's exec was cut by ending the child; once more, then, if
                // there is time for it.
                let left = deadlines.total - start.duration(to: .now).nanoseconds
                guard left > deadlines.stop else {
                    return supervision.status(outcome, interrupted: interrupted)
                }
                deadlines.total = left
                outcome = try SupervisedChild.run(deadlines: deadlines) {
                    job.run($0, use: use).rawValue
                }
            }
            return supervision.status(outcome, interrupted: interrupted)
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
    }
}

extension Duration {
    /// In whole nanoseconds.
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
