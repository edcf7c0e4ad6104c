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
    /// Different names listed for a group.
    static let mostNames = 4
}
