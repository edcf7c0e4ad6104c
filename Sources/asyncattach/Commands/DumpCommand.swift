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

            Exit codes: 0 done; 1 a finding, with --fail-on; 2 done, but something could not be \
            read; 3 no such process; \
            4 not permitted; 5 not a 64-bit ELF program; 6 time-out; 64 usage; 70 asyncattach \
            itself failed; 74 the output could not be written.
            """)

    @OptionGroup var target: TargetOptions

    @OptionGroup var output: OutputOptions

    @Option(
        help: "Exit with 1 if there is a finding at least this sure: hint, likely or proven.")
    var failOn: ConfidenceLevel?

    @Flag(help: "Leave out source lines and inlined functions: quicker for huge programs.")
    var noLines = false

    @OptionGroup var symbols: SymbolOptions

    @Flag(name: .shortAndLong, help: "Show addresses, and on standard error where the time went.")
    var verbose = false

    func validate() throws {
        if target.targets.count > 1, output.format.isSingle {
            throw ValidationError(
                "--format \(output.format.rawValue) is one report; for several use ndjson.")
        }
    }

    func run() throws {
        let file: OutputFile
        do {
            file = try OutputFile(output)
        } catch {
            ErrorMessage.print(error.words)
            throw ExitCode(ExitStatus.output.rawValue)
        }
        let options = output.renderOptions(verbose: verbose)
        let descriptor = file.descriptor
        let unfinished = file.unfinished
        let delivery = Delivery(isVerbose: verbose)
        let outcome = target.each(
            target.options(
                patience: target.patience(default: 1), readsLines: !noLines, symbols: symbols),
            interrupted: { unfinished.remove() }
        ) { inspection throws(AttachError) in
            try inspection.run { result in
                delivery.status(result) { report throws(OutputFile.Failure) in
                    try output.format.write(report, options: options, to: descriptor)
                    return failOn.map { report.status(failingOn: $0) } ?? .success
                }.rawValue
            }
        }
        var status = outcome.status
        if let failure = file.finish(keep: outcome.isWorthKeeping) {
            ErrorMessage.print(failure.words)
            status = .output
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }
}
