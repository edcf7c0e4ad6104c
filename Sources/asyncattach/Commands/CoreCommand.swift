import ArgumentParser
import AttachCore
import AttachReport
import Glibc

/// `asyncattach core FILE`: the same report, of a process that has ended.
struct CoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "core",
        abstract: "Print what every thread and every task was doing when a core file was written.",
        discussion: """
            The core file may come from the kernel, from gcore, from systemd-coredump, or from \
            `asyncattach capture`, and be compressed with zstd, lz4 or xz.

              coredumpctl dump 4242 | asyncattach core -

            It holds memory but not the program: the program and its libraries are opened by the \
            names they had, and used if they turn out to be the very same (by build ID).

            Exit codes: 0 done; 1 a finding, with --fail-on; 2 done, but something could not be \
            read; 3 no such file; \
            4 not permitted; 5 not a core file of a 64-bit ELF program; 6 time-out; 64 usage; \
            70 asyncattach itself failed; 74 the output could not be written.
            """)

    @Argument(help: "A core file; - for standard input.", completion: .file())
    var file: String

    @Option(help: "The program that it is of, if it is not where it was.", completion: .file())
    var executable: String?

    @Option(
        help: "A folder that stands for the root of the machine that the core file comes from.",
        completion: .directory)
    var sysroot: String?

    @Option(help: "Give up altogether after so many seconds.")
    var timeout: UInt32 = 60

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
        if timeout == 0 { throw ValidationError("--timeout must be at least 1 second.") }
    }

    func run() throws {
        let result: OutputFile
        do {
            result = try OutputFile(output)
        } catch {
            ErrorMessage.print(error.words)
            throw ExitCode(ExitStatus.output.rawValue)
        }
        let descriptor = result.descriptor
        let unfinished = result.unfinished
        let options = output.renderOptions(verbose: verbose)
        let delivery = Delivery(isVerbose: verbose)
        let inspection = Inspection(
            of: .coreFile(file, CoreFileOptions(executable: executable, sysroot: sysroot)),
            options: InspectionOptions(seconds: timeout, readsLines: !noLines, symbols))
        var status = Supervision(subject: file, isProcess: false, timeout: timeout)
            .status(interrupted: { unfinished.remove() }) { () throws(AttachError) in
                try inspection.run { result in
                    delivery.status(result) { report throws(OutputFile.Failure) in
                        try output.format.write(report, options: options, to: descriptor)
                        return failOn.map { report.status(failingOn: $0) } ?? .success
                    }.rawValue
                }
            }
        if let failure = result.finish(keep: status.hasReport) {
            ErrorMessage.print(failure.words)
            status = .output
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }
}
