import ArgumentParser
import AttachCore
import Glibc

/// The command line. Each command has a file of its own in `Commands/`.
@main
struct AsyncAttach: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "asyncattach",
        abstract: "Prints what every thread and every Swift task of a running process is doing.",
        usage: """
            asyncattach <pid or name> ... [options]
            asyncattach <subcommand> ...
            """,
        discussion: """
            The process is stopped for milliseconds, copied, and runs on; nothing in it is \
            changed. Results go to standard output, everything else to standard error.

              asyncattach 4242                     the page, for people
              asyncattach 4242 --only verdict      what is wrong, if anything
              asyncattach 4242 --all               every task, thread and frame
              asyncattach my-server --format json  the same for machines
              asyncattach check my-server          for scripts: exit code 1 if it is stuck
              asyncattach explain deadlock         what a finding means
              asyncattach ps                       the processes that can be looked at
              asyncattach core core.4242           the page of a process that has ended
              asyncattach capture 4242 -o FILE     a core file, and the process runs on

            Options (more on each: asyncattach dump --help):

              --only PART        verdict, tasks, actors or threads
              --all              no grouping, no folding
              --format FORMAT    \(OutputFormat.allCases.map(\.rawValue).joined(separator: ", "))
              -o, --output FILE  into a file, which appears when it is complete
              --color WHEN       auto, always, never
              --fail-on LEVEL    exit with 1 on a finding: hint, likely, proven
              --no-lines         no source lines: quicker for huge programs
              --debug-dir DIR    look for separate debug files there, too
              --patience TIME    how long nothing must move to be likely stuck
              --max-pause MS     stop copying after this
              --timeout S        give up after this
              -v, --verbose      addresses and all evidence
            """,
        version: Tool.version,
        subcommands: [
            DumpCommand.self, CheckCommand.self, CaptureCommand.self, CoreCommand.self,
            PsCommand.self, ExplainCommand.self,
        ],
        defaultSubcommand: DumpCommand.self)

    /// Checks what everything else counts on, and runs the command.
    static func main() {
        SupervisedChild.holdStandardDescriptors()
        // A limit of the size of files is an error of write(2), then, like any other.
        signal(SIGXFSZ, SIG_IGN)
        // Not even our own arguments are known without it.
        guard unsafe access("/proc/self/stat", F_OK) == 0 else {
            ErrorMessage.print(
                "no /proc is mounted here, and without it no process can be looked at; mount it: "
                    + "mount -t proc proc /proc")
            Glibc.exit(ExitStatus.notPermitted.rawValue)
        }
        if let word = negativeTarget(in: Array(CommandLine.arguments.dropFirst())) {
            ErrorMessage.print(TargetSelection.Failure.notAPID(word).words)
            Glibc.exit(ExitStatus.usage.rawValue)
        }
        runCommand()
    }

    /// Parses the arguments and runs the command. What is asked for with `--help`, `--version` and
    /// the like is output, which fails like any other.
    private static func runCommand() -> Never {
        do {
            var command = try parseAsRoot()
            try command.run()
            Glibc.exit(ExitStatus.success.rawValue)
        } catch {
            guard exitCode(for: error) == .success else { exit(withError: error) }
            let text = fullMessage(for: error)
            var sink = DescriptorSink(1)
            do throws(OutputFile.Failure) {
                if !text.isEmpty { try sink.write(Array((text + "\n").utf8).span) }
            } catch {
                if error != .write(errno: EPIPE) { ErrorMessage.print(error.words) }
                Glibc.exit(ExitStatus.output.rawValue)
            }
            Glibc.exit(ExitStatus.success.rawValue)
        }
    }

    /// A negative number where a target is expected, which would be taken for options; the value
    /// of an option is none.
    private static func negativeTarget(in arguments: [String]) -> String? {
        for (position, word) in arguments.enumerated() {
            if word == "--" { return nil }
            let isNegative =
                word.utf8.count > 1 && word.hasPrefix("-")
                && word.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
            guard isNegative else { continue }
            if position > 0, arguments[position - 1].hasPrefix("-") { continue }
            return word
        }
        return nil
    }
}

/// What the tool says of itself.
enum Tool {
    /// Semantic version.
    static let version = AttachCoreVersion.current
}
