/// A page of text while it is being written.
struct TextPage {
    /// How a piece of text looks where colour is on.
    enum Style {
        case plain, heading, subject, quiet, alarm

        /// The ANSI "select graphic rendition" parameter (ECMA-48, 8.3.117); nil for none.
        fileprivate var code: String? {
            switch self {
            case .plain: nil
            case .heading, .subject: "1"
            case .quiet: "2"
            case .alarm: "31"
            }
        }
    }

    let options: RenderOptions
    private var buffer = OutputBuffer()
    private var column = 0
    /// Images of which a frame on the page has no name.
    var imagesWithoutNames: Set<String> = []

    init(options: RenderOptions) { self.options = options }

    /// Adds to the current line.
    mutating func write(_ text: PageText, _ style: Style = .plain) {
        guard !text.isEmpty else { return }
        if options.color, let code = style.code {
            buffer.append("\u{1B}[" + code + "m")
            buffer.append(text.string)
            buffer.append("\u{1B}[0m")
        } else {
            buffer.append(text.string)
        }
        column += text.width
    }

    /// Adds spaces up to `column`, but at least `gap` of them.
    mutating func tab(to column: Int, gap: Int = 2) {
        let spaces = max(gap, column - self.column)
        buffer.append(String(repeating: " ", count: spaces))
        self.column += spaces
    }

    /// Where what a task or thread does begins: on a narrow terminal right after who it is.
    var activityColumn: Int {
        options.width.map { $0 < TextLayout.paragraph } == true ? 0 : TextLayout.activity
    }

    mutating func endLine() {
        buffer.append(UInt8(ascii: "\n"))
        column = 0
    }

    /// A whole line, `indent` columns in.
    mutating func line(_ text: PageText, _ style: Style = .plain, indent: Int = 0) {
        if indent > 0 { tab(to: indent, gap: 0) }
        write(text, style)
        endLine()
    }

    /// Adds to the current line after `gap` spaces, and breaks it at spaces where the terminal
    /// ends; then it goes on `indent` columns in. Without a terminal nothing is broken.
    mutating func flow(_ text: PageText, _ style: Style = .plain, gap: Int = 0, indent: Int) {
        guard let width = options.width, column + gap + text.width > width else {
            if gap > 0 { tab(to: 0, gap: gap) }
            write(text, style)
            return
        }
        let indent = width < TextLayout.paragraph ? min(indent, TextLayout.frame) : indent
        let room = max(24, width - indent)
        let lines = text.wrapped(to: room, first: width - column - gap)
        for (index, line) in lines.enumerated() {
            if index > 0 {
                endLine()
                tab(to: indent, gap: 0)
            } else if gap > 0, !line.isEmpty {
                tab(to: 0, gap: gap)
            }
            write(line, style)
        }
    }

    /// Writes sentences as lines of 80 columns, or what the terminal has if that is less; the
    /// first one begins at `indent` or where the current line has come to, the others at `indent`.
    mutating func paragraph(_ text: PageText, _ style: Style = .plain, indent: Int) {
        if column == 0 { tab(to: indent, gap: 0) }
        let width = min(TextLayout.paragraph, options.width ?? TextLayout.paragraph)
        let room = max(24, width - indent)
        for (index, line) in text.wrapped(to: room, first: width - column).enumerated() {
            if index > 0 { tab(to: indent, gap: 0) }
            write(line, style)
            endLine()
        }
    }

    /// Hands over what is there if it is much.
    mutating func drain<Sink: ByteSink & ~Copyable>(
        into sink: inout Sink
    ) throws(Sink.Failure) {
        try buffer.drain(into: &sink)
    }

    /// Hands over the rest.
    mutating func flush<Sink: ByteSink & ~Copyable>(
        into sink: inout Sink
    ) throws(Sink.Failure) {
        try buffer.flush(into: &sink)
    }
}

/// Columns at which the parts of a line begin.
enum TextLayout {
    /// Ids of tasks and threads.
    static let entry = 2
    /// What a task or thread does.
    static let activity = 30
    /// Function names.
    static let frame = 7
    /// The widest that function names push places to the right.
    static let widestFunction = 52
    /// Lines of one stack; of longer ones the middle is left out.
    static let longestStack = 60
    /// Lines of a shortened stack that are its outer end.
    static let outerEnd = 15
    /// Gaps listed one by one.
    static let mostGaps = 8
    /// The widest line of sentences.
    static let paragraph = 80
    /// What belongs to a finding.
    static let finding = 5
    /// Findings of a kind written one by one.
    static let mostFindings = 3
    /// Evidence written with a finding.
    static let mostEvidence = 2
    /// Jobs of a queue written one by one.
    static let mostQueued = 12
    /// Types of idle actors listed.
    static let mostTypes = 8
    /// Members of a cycle written one by one.
    static let mostInCycle = 16
    /// Tasks, threads and others listed by name.
    static let mostSubjects = 6
    /// Different names listed for a group.
    static let mostNames = 4
}
