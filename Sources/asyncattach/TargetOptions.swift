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

    /// What a look may cost, and what it is to find.
    ///
    /// - Parameter patience: For how long to watch a process of which something is suspected.
    func options(
        patience: Patience, readsLines: Bool, symbols: SymbolOptions? = nil
    ) -> InspectionOptions {
        var options = InspectionOptions(seconds: timeout, readsLines: readsLines, symbols)
        options.limits.maximumPause = Int64(maxPause) * 1_000_000
        options.patience = patience.nanoseconds
        return options
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

    /// Looks at each target in turn.
    ///
    /// - Parameters:
    ///   - interrupted: Runs before this process dies of a signal such as Ctrl-C.
    ///   - look: Looks at one.
    func each(
        _ options: InspectionOptions, interrupted: () -> Void = {},
        look: (Inspection) throws(AttachError) -> SupervisedOutcome
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
            let supervision = Supervision(
                subject: "process \(pid)", isProcess: true, timeout: timeout)
            let inspection = Inspection(of: .process(pid), options: options)
            outcome.add(
                supervision.status(interrupted: interrupted) { () throws(AttachError) in
                    try look(inspection)
                })
        }
        return outcome
    }
}
