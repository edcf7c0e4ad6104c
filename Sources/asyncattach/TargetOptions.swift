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

    @Option(
        help: ArgumentHelp(
            "For how long nothing must move before a suspicion counts as likely, such as 10s, "
                + "500ms or 30 (seconds); 0: do not watch. 5s for check, 1s otherwise; at most "
                + "half of --timeout, unless it is given.", valueName: "time"),
        transform: { try Patience($0) })
    var patience: Patience?

    /// For how long to watch, where the command's own time is this.
    func patience(default seconds: Int64) -> Patience {
        let time = Patience(seconds: seconds)
        let half = Patience(seconds: Int64(timeout), over: 2)
        return patience ?? (time.nanoseconds <= half.nanoseconds ? time : half)
    }

    func validate() throws {
        if maxPause == 0 { throw ValidationError("--max-pause must be at least 1 millisecond.") }
        if timeout == 0 { throw ValidationError("--timeout must be at least 1 second.") }
        // A fifth of the time is for everything else.
        if let patience, patience.nanoseconds > Int64(timeout) * 800_000_000 {
            let least = (patience.nanoseconds + 799_999_999) / 800_000_000
            throw ValidationError("Such a --patience needs --timeout \(least) or more.")
        }
    }

    /// Looks at each target in turn, in a supervised child of its own.
    ///
    /// - Parameters:
    ///   - patience: For how long to watch a process of which something is suspected.
    ///   - interrupted: Runs before this process dies of a signal such as Ctrl-C.
    ///   - deliver: Writes a report, in the child.
    func look(
        patience: Patience, readsLines: Bool, symbols: SymbolOptions, isVerbose: Bool,
        interrupted: () -> Void = {},
        deliver: (Report) throws(OutputFile.Failure) -> ExitStatus
    ) -> Outcome {
        let job = ReportJob(
            seconds: timeout, patience: patience, readsLines: readsLines, symbols: symbols,
            isVerbose: isVerbose)
        return capture(interrupted: interrupted) { job.run($0, since: $1, deliver: deliver) }
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
    func capture(
        interrupted: () -> Void, use: (Capture, _ start: Int64) -> ExitStatus
    ) -> Outcome {
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
        _ job: TargetJob, interrupted: () -> Void, use: (Capture, _ start: Int64) -> ExitStatus
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
