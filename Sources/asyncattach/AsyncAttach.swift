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
              asyncattach 4242 --all               every task, thread and frame
              asyncattach my-server --format json  the same for machines

            All options: asyncattach dump --help
            """,
        version: Tool.version,
        subcommands: [DumpCommand.self],
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
        main(nil)
    }
}

/// What the tool says of itself.
enum Tool {
    /// Semantic version.
    static let version = "0.1.0"
}
