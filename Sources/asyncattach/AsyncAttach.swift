import ArgumentParser

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
}

/// What the tool says of itself.
enum Tool {
    /// Semantic version.
    static let version = "0.1.0"
}
