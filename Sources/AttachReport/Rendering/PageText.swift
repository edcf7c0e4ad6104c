/// Text that is safe to show on a terminal.
///
/// A target chooses the names of its threads, tasks, files, symbols and types, and may choose
/// them to hide lines, move the cursor or turn text around. The only ways into a `PageText` are
/// literals of our own source and interpolation, which escapes; so no such name can reach a page
/// unescaped by oversight.
struct PageText: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// Unicode scalars shown of one name; the rest is counted.
    static let longestName = 512

    /// The text, escaped.
    private(set) var string: String

    init() { string = "" }

    init(stringLiteral value: StaticString) { string = value.description }

    init(stringInterpolation: Interpolation) { string = stringInterpolation.string }

    /// A name that the target chose.
    init(escaping name: String) { string = Self.escape(name) }

    /// A name that the target chose, in quotation marks.
    init(quoting name: String) { string = "\"" + Self.escape(name, quoted: true) + "\"" }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate(set) var string = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            string.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: StaticString) { string += literal.description }

        mutating func appendInterpolation(_ text: PageText) { string += text.string }

        mutating func appendInterpolation(_ name: String) { string += PageText.escape(name) }

        mutating func appendInterpolation(_ number: some BinaryInteger) {
            string += number.description
        }

        mutating func appendInterpolation(_ address: Address) { string += address.description }
    }

    var isEmpty: Bool { string.isEmpty }

    /// The same with spaces spelled out, so that it is one word.
    var withoutSpaces: PageText {
        var result = PageText()
        for scalar in string.unicodeScalars {
            if scalar.properties.isWhitespace {
                result.string += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.string.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Columns it takes, taking every scalar for one column wide.
    var width: Int {
        let utf8 = string.utf8
        return utf8.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }

    static func += (left: inout PageText, right: PageText) { left.string += right.string }

    static func + (left: PageText, right: PageText) -> PageText {
        var result = left
        result += right
        return result
    }

    /// Broken at spaces so that no line is wider than `width` columns, the first one than
    /// `first`. A word that is wider than that keeps a line to itself.
    func wrapped(to width: Int, first: Int? = nil) -> [PageText] {
        WrappedText.lines(of: string, width: width, first: first).map { line in
            var text = PageText()
            text.string = line
            return text
        }
    }

    /// The parts with `separator` between them.
    static func joined(_ parts: [PageText], separator: PageText) -> PageText {
        var result = PageText()
        for (index, part) in parts.enumerated() {
            if index > 0 { result += separator }
            result += part
        }
        return result
    }

    /// At most `limit` columns of it, with `…` where the middle was taken out.
    ///
    /// The end is kept as well as the start, because the ends of names differ more.
    func shortened(to limit: Int) -> PageText {
        guard limit >= 8, width > limit else { return self }
        let scalars = string.unicodeScalars
        let tail = (limit - 1) / 3
        var result = PageText()
        result.string.unicodeScalars.append(contentsOf: scalars.prefix(limit - 1 - tail))
        result.string += "…"
        result.string.unicodeScalars.append(contentsOf: scalars.suffix(tail))
        return result
    }

    /// `name` with everything spelled out that a terminal would act on or not show. A backslash
    /// is doubled, so that an escape can be told from a name that contains one.
    fileprivate static func escape(_ name: String, quoted: Bool = false) -> String {
        var isPlain = true
        var count = 0
        for byte in name.utf8 {
            count += 1
            if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\\")
                || (quoted && byte == UInt8(ascii: "\""))
            {
                isPlain = false
                break
            }
            if count > longestName {
                isPlain = false
                break
            }
        }
        if isPlain { return name }

        var result = ""
        var shown = 0
        var left = 0
        for scalar in name.unicodeScalars {
            guard shown < longestName else {
                left += 1
                continue
            }
            shown += 1
            if scalar == "\\" {
                result += "\\\\"
            } else if scalar == "\"" && quoted {
                result += "\\\""
            } else if scalar.mustBeEscaped {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        if left > 0 { result += "…(" + left.description + " more)" }
        return result
    }
}

/// The same for lines that are no page, such as messages.
public enum TerminalText {
    /// `text` with everything spelled out that a terminal would act on or not show; of a very long
    /// one the start.
    public static func escaping(_ text: String) -> String { PageText.escape(text) }
}

extension Unicode.Scalar {
    /// Whether a terminal or viewer would act on this scalar, or show nothing for it: controls,
    /// bidirectional overrides, zero-width characters, and line and paragraph separators.
    var mustBeEscaped: Bool {
        if value < 0x7F { return value < 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            return true
        default:
            break
        }
        // Fillers that Unicode counts as letters or marks, and that show as nothing.
        switch value {
        case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x3164, 0xFFA0: return true
        default: return false
        }
    }
}
