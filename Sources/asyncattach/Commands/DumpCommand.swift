import ArgumentParser
import AttachCore
import AttachReport
import Glibc

/// `asyncattach dump TARGET…`: the freeze-frame.
struct DumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Print what every thread and every task of a process is doing (the default).",
        discussion: """
            A target is a pid, or the exact name of a process that no other process bears.

            While it is copied the process stands still for milliseconds. That makes these system \
            calls in it return EINTR, as any debugger would: epoll_wait, epoll_pwait, epoll_pwait2, \
            io_uring_enter, io_getevents, semop, semtimedop, sigtimedwait, sigwaitinfo, and recv \
            or accept on a socket with SO_RCVTIMEO. Time-outs of select, pselect and ppoll grow \
            by the pause.

            Exit codes: 0 done; 2 done, but something could not be read; 3 no such process; \
            4 not permitted; 5 not a 64-bit ELF program; 6 time-out; 64 usage; 70 a fault of \
            asyncattach; 74 the output could not be written.
            """)

    @Argument(help: ArgumentHelp("A pid or the name of a process.", valueName: "target"))
    var targets: [TargetSelection]

    @OptionGroup var output: OutputOptions

    @Flag(help: "Leave out source lines and inlined functions: quicker for huge programs.")
    var noLines = false

    @Option(help: "Give up copying memory after so many milliseconds and let the process run on.")
    var maxPause: UInt32 = 2000

    @Option(help: "Give up altogether after so many seconds.")
    var timeout: UInt32 = 60

    @Flag(name: .shortAndLong, help: "Show addresses, and on standard error where the time went.")
    var verbose = false

    func validate() throws {
        if maxPause == 0 { throw ValidationError("--max-pause must be at least 1 millisecond.") }
        if targets.count > 1, output.format == .json {
            throw ValidationError("--format json is one report; for several use ndjson.")
        }
        if timeout == 0 { throw ValidationError("--timeout must be at least 1 second.") }
    }

    func run() throws {
        var worst = ExitStatus.success
        let file: OutputFile
        do {
            file = try OutputFile(output)
        } catch {
            ErrorMessage.print(error.words)
            throw ExitCode(ExitStatus.output.rawValue)
        }
        for target in targets {
            let status = dump(target, to: file)
            if status != .success, worst == .success || worst == .partial { worst = status }
        }
        if let failure = file.finish(keep: worst == .success || worst == .partial) {
            ErrorMessage.print(failure.words)
            worst = .output
        }
        if worst != .success { throw ExitCode(worst.rawValue) }
    }

    private func dump(_ target: TargetSelection, to file: borrowing OutputFile) -> ExitStatus {
        let job: DumpJob
        do {
            job = DumpJob(
                pid: try target.pid(), maximumPause: Int64(maxPause) * 1_000_000,
                seconds: timeout, options: output.renderOptions(verbose: verbose),
                format: output.format, readsLines: !noLines,
                isVerbose: verbose, descriptor: file.descriptor)
        } catch {
            ErrorMessage.print(error.words)
            return .noProcess
        }
        var deadlines = SupervisedChild.Deadlines()
        deadlines.total = Int64(timeout) * 1_000_000_000
        deadlines.stop = min(deadlines.total, Int64(maxPause) * 1_000_000 + 3_000_000_000)
        do {
            var outcome = try SupervisedChild.run(deadlines: deadlines) { job.run($0).rawValue }
            if outcome == .stopTimeout {
                // A knot with the target's exec was cut by ending the child; once more, then.
                outcome = try SupervisedChild.run(deadlines: deadlines) { job.run($0).rawValue }
            }
            return status(outcome, pid: job.pid, file: file)
        } catch {
            ErrorMessage.print(ErrorMessage.words(error))
            return ExitStatus(error)
        }
    }

    private func status(
        _ outcome: SupervisedOutcome, pid: Int32, file: borrowing OutputFile
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
            return status(.timeout, pid: pid, file: file)
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
            _ = file.finish(keep: false)
            SupervisedChild.die(of: signal)
        }
    }
}
