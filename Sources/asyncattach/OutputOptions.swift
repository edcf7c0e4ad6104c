import ArgumentParser
import AttachCore
import AttachReport
import Glibc

/// The formats that a report can be written in.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people.
    case text
    /// For machines.
    case json
    /// The same, one report a line.
    case ndjson
    /// The wait graph, for Graphviz.
    case dot
    /// The wait graph, for Mermaid.
    case mermaid

    /// Whether a document of it can hold one report only.
    var isSingle: Bool { self == .json || self == .dot || self == .mermaid }
}

/// When to colour.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    /// On a terminal, unless NO_COLOR is set (no-color.org).
    case auto
    case always
    case never
}

/// Where and how the report is written: the same for every command that writes one.
struct OutputOptions: ParsableArguments {
    @Option(help: "The format of the report.")
    var format: OutputFormat = .text

    @Option(
        name: .shortAndLong,
        help: "Write to this file instead; it appears when it is complete.")
    var output: String?

    @Option(help: "Colours in the text.")
    var color: ColorChoice = .auto

    @Flag(help: "Show every task, thread and frame: no grouping, no folding.")
    var all = false

    @Option(help: "Only this part of the text page: verdict, tasks, actors or threads.")
    var only: [PageSection] = []

    /// The same in the renderers' words.
    func renderOptions(verbose: Bool) -> RenderOptions {
        RenderOptions(
            color: isColored, showAll: all, verbose: verbose,
            sections: only.isEmpty ? .all : RenderOptions.Sections(only.map(\.section)),
            width: output == nil ? Terminal.columns(of: 1) : nil)
    }

    private var isColored: Bool {
        switch color {
        case .always: true
        case .never: false
        case .auto:
            output == nil && !isDumbTerminal && isatty(1) == 1 && !isColorUnwanted
        }
    }

    private var isDumbTerminal: Bool {
        guard let value = unsafe getenv("TERM") else { return false }
        return unsafe strcmp(value, "dumb") == 0
    }

    private var isColorUnwanted: Bool {
        guard let value = unsafe getenv("NO_COLOR") else { return false }
        return unsafe value.pointee != 0
    }
}

/// A part of the text page.
enum PageSection: String, CaseIterable, ExpressibleByArgument {
    case verdict
    case tasks
    case actors
    case threads

    /// The same in the renderers' words.
    var section: RenderOptions.Sections {
        switch self {
        case .verdict: .verdict
        case .tasks: .tasks
        case .actors: .actors
        case .threads: .threads
        }
    }
}
