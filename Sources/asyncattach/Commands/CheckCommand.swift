import ArgumentParser
import AttachCore
import AttachReport

/// The formats of `check`.
enum CheckFormat: String, CaseIterable, ExpressibleByArgument {
    /// A line a finding.
    case text
    /// One object.
    case json
    /// One object a line and process.
    case ndjson

    /// The same in the renderer's words.
    var form: CheckRenderer.Form {
        switch self {
        case .text: .lines
        case .json: .json
        case .ndjson: .ndjson
        }
    }
}

/// `asyncattach check TARGET…`: the verdict alone, for scripts.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether a process is stuck: a line a finding, nothing if it is healthy.",
        discussion: """
            A line is PID NAME KIND CONFIDENCE MESSAGE. `asyncattach explain KIND` says what a \
            finding means. A healthy process can show hints, so they count only if asked for.

              if asyncattach check my-server; then echo healthy; fi

            A suspicion becomes likely when nothing of it has moved for 5 s; --patience says \
            otherwise. Only a suspicion takes that long: a process without one, or whose \
            suspicious parts move, gets its answer at once. Before a script restarts anything, \
            choose a patience that no healthy step takes.

            Exit codes: 0 healthy; 1 a finding; 2 no finding, but something could not be read; \
            3 no such process; 4 not permitted; 5 not a 64-bit ELF program; 6 time-out; 64 usage; \
            70 asyncattach itself failed; 74 the output could not be written. Of several targets' \
            codes the first of these counts: 74 1 70 4 5 6 3 2 0.
            """)

    @OptionGroup var target: TargetOptions

    @Option(help: "How sure a finding must be to count: hint, likely or proven.")
    var failOn: ConfidenceLevel = .likely

    @Option(help: "The format of the answer.")
    var format: CheckFormat = .text

    @OptionGroup var symbols: SymbolOptions

    @Flag(name: .shortAndLong, help: "A line for a healthy process, too.")
    var verbose = false

    func validate() throws {
        if target.targets.count > 1, format == .json {
            throw ValidationError("--format json is one object; for several use ndjson.")
        }
    }

    func run() throws {
        let renderer = CheckRenderer(level: failOn.confidence, form: format.form)
        let options = RenderOptions(verbose: verbose)
        // Names of functions are all that findings are made from; looking up lines takes longest.
        let delivery = Delivery(isVerbose: false)
        let status = target.each(
            target.options(
                patience: target.patience(default: 5), readsLines: false, symbols: symbols)
        ) { inspection throws(AttachError) in
            try inspection.run { result in
                delivery.status(result) { report throws(OutputFile.Failure) in
                    var sink = DescriptorSink(1)
                    try renderer.render(report, options: options, into: &sink)
                    for remark in report.remarks { ErrorMessage.print(remark) }
                    return report.status(failingOn: failOn)
                }.rawValue
            }
        }.status
        if status != .success { throw ExitCode(status.rawValue) }
    }
}
