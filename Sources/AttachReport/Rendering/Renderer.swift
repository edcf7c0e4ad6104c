/// Writes a report down in one format.
public protocol Renderer: Sendable {
    /// Writes all of `report` to `sink`. The same report and options always give the same bytes.
    func render<Sink: ByteSink & ~Copyable>(
        _ report: Report, options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure)
}

/// How a person wants a report shown. Formats for machines leave nothing out whatever it says.
public struct RenderOptions: Sendable {
    /// Parts of the page.
    public struct Sections: OptionSet, Sendable {
        /// One bit a section.
        public let rawValue: UInt8

        /// Wraps the bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// What is wrong.
        public static let verdict = Sections(rawValue: 1 << 0)
        /// Every task.
        public static let tasks = Sections(rawValue: 1 << 1)
        /// Every thread.
        public static let threads = Sections(rawValue: 1 << 2)
        /// Every actor.
        public static let actors = Sections(rawValue: 1 << 3)
        /// All of them.
        public static let all: Sections = [.verdict, .tasks, .actors, .threads]
    }

    /// Whether to colour with ANSI escape sequences.
    public var color: Bool
    /// Whether to show every task, thread, frame and gap by itself, nothing grouped or folded.
    public var showAll: Bool
    /// Whether to show addresses and whole paths.
    public var verbose: Bool
    /// Which parts to show.
    public var sections: Sections
    /// Columns of the terminal; function names are shortened and lines broken to fit it. Nil where there is no
    /// terminal: then nothing is shortened.
    public var width: Int?

    /// Memberwise.
    public init(
        color: Bool = false, showAll: Bool = false, verbose: Bool = false,
        sections: Sections = .all, width: Int? = nil
    ) {
        self.color = color
        self.showAll = showAll
        self.verbose = verbose
        self.sections = sections
        self.width = width
    }
}
