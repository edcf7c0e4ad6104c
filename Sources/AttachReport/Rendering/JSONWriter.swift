/// Writes JSON (RFC 8259) from front to back, without holding the document.
///
/// Members and elements come in the order in which they are written, so equal reports give equal
/// bytes. What is nil is left out.
struct JSONWriter {
    private struct Level {
        let isInline: Bool
        var isEmpty = true
    }

    private var buffer = OutputBuffer()
    /// Open objects and arrays, outermost first.
    private var levels: [Level] = []
    private var followsKey = false
    private let isSingleLine: Bool
    /// Values that were written once and may come again.
    private var shared: [StackStorage: [UInt8]] = [:]
    /// How many more bytes may be kept of them.
    private var roomForShared = 16 << 20

    /// Breaks no line within the document if `isSingleLine`.
    init(isSingleLine: Bool) { self.isSingleLine = isSingleLine }

    // MARK: Structure

    /// Writes an object whose members `content` writes; on one line if `inline`.
    mutating func object(inline: Bool = false, _ content: (inout JSONWriter) -> Void) {
        open("{", inline: inline)
        content(&self)
        close("}")
    }

    /// Writes the array `elements`, each by `content`; on one line if `inline`.
    mutating func array<Elements: Sequence>(
        _ elements: Elements, inline: Bool = false,
        _ content: (inout JSONWriter, Elements.Element) -> Void
    ) {
        open("[", inline: inline)
        for element in elements { content(&self, element) }
        close("]")
    }

    /// Begins an object or array that a matching `close` ends.
    mutating func open(_ bracket: StaticString, inline: Bool = false) {
        startValue()
        buffer.append(bracket.description)
        let isInline = isSingleLine || inline || (levels.last?.isInline ?? false)
        levels.append(Level(isInline: isInline))
    }

    /// Ends what the last `open` began; the end of the document ends its line.
    mutating func close(_ bracket: StaticString) {
        if let level = levels.popLast(), !level.isEmpty, !level.isInline { breakLine() }
        buffer.append(bracket.description)
        if levels.isEmpty { buffer.append(UInt8(ascii: "\n")) }
    }

    /// Names the value that is written next.
    mutating func key(_ name: StaticString) {
        startValue()
        buffer.append("\"" + name.description + "\":")
        if !isSingleLine { buffer.append(UInt8(ascii: " ")) }
        followsKey = true
    }

    // MARK: Values

    mutating func value(_ text: String) {
        startValue()
        buffer.append(UInt8(ascii: "\""))
        appendEscaped(text)
        buffer.append(UInt8(ascii: "\""))
    }

    mutating func value(_ number: some FixedWidthInteger) {
        startValue()
        buffer.append(number.description)
    }

    mutating func value(_ flag: Bool) {
        startValue()
        buffer.append(flag ? "true" : "false")
    }

    // MARK: Members

    mutating func member(_ key: StaticString, _ text: String?) {
        guard let text else { return }
        self.key(key)
        value(text)
    }

    mutating func member(_ key: StaticString, _ number: (some FixedWidthInteger)?) {
        guard let number else { return }
        self.key(key)
        value(number)
    }

    mutating func member(_ key: StaticString, _ flag: Bool?) {
        guard let flag else { return }
        self.key(key)
        value(flag)
    }

    /// An address as a hexadecimal string: JSON readers take numbers for doubles.
    mutating func member(_ key: StaticString, _ address: Address?) {
        guard let address else { return }
        self.key(key)
        value(address.description)
    }

    /// An array of numbers on one line.
    mutating func member<Number: FixedWidthInteger>(_ key: StaticString, _ numbers: [Number]) {
        self.key(key)
        array(numbers, inline: true) { writer, number in writer.value(number) }
    }

    /// An array of strings on one line.
    mutating func member(_ key: StaticString, _ texts: [String]) {
        self.key(key)
        array(texts, inline: true) { writer, text in writer.value(text) }
    }

    /// An object whose members `content` writes; on one line if `inline`.
    mutating func member(
        _ key: StaticString, inline: Bool = false, _ content: (inout JSONWriter) -> Void
    ) {
        self.key(key)
        object(inline: inline, content)
    }

    /// Writes a value that may have been written before, by copying what was written then.
    ///
    /// `identity` must stand for one and the same value, at one and the same depth, as long as the
    /// writer lives.
    mutating func value(
        sharedAs identity: StackStorage, _ content: (inout JSONWriter) -> Void
    ) {
        startValue()
        if let known = shared[identity] {
            buffer.append(known)
            return
        }
        let start = buffer.bytes.count
        followsKey = true
        content(&self)
        let size = buffer.bytes.count - start
        guard size <= roomForShared else { return }
        roomForShared -= size
        shared[identity] = Array(buffer.bytes[start...])
    }

    // MARK: Output

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

    /// Writes what must stand before a value: nothing after a key, else comma and line break.
    private mutating func startValue() {
        if followsKey {
            followsKey = false
            return
        }
        guard let level = levels.last else { return }
        if !level.isEmpty { buffer.append(UInt8(ascii: ",")) }
        levels[levels.count - 1].isEmpty = false
        if !level.isInline {
            breakLine()
        } else if !level.isEmpty && !isSingleLine {
            buffer.append(UInt8(ascii: " "))
        }
    }

    private mutating func breakLine() {
        buffer.append(UInt8(ascii: "\n"))
        for _ in levels { buffer.append("  ") }
    }

    /// Besides what JSON demands, spells out what a viewer would act on or not show.
    private mutating func appendEscaped(_ text: String) {
        let isPlain = text.utf8.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain {
            buffer.append(text)
            return
        }
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(UInt8(truncatingIfNeeded: scalar.value))
            } else if scalar.mustBeEscaped {
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    let digits = String(unit, radix: 16)
                    buffer.append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count))
                    buffer.append(digits)
                }
            } else {
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    buffer.append(byte)
                }
            }
        }
    }
}
