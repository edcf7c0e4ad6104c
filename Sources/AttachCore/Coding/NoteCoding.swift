/// Makes the contents of a note: numbers in little-endian order, strings and lists with their
/// length before them.
struct NoteWriter {
    /// What was written.
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func put(_ value: Bool) { put(UInt8(value ? 1 : 0)) }

    mutating func put(_ text: String) {
        put(UInt32(clamping: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    /// A byte that says whether there is a value, and the value.
    mutating func put<Value>(
        optional value: Value?, _ body: (inout NoteWriter, Value) -> Void
    ) {
        put(value != nil)
        if let value { body(&self, value) }
    }

    mutating func put<Value>(list: [Value], _ body: (inout NoteWriter, Value) -> Void) {
        put(UInt64(list.count))
        for value in list { body(&self, value) }
    }
}

/// Reads what a `NoteWriter` wrote, or what pretends to be that.
struct NoteReader {
    /// Thrown where the note ends too early or says what cannot be.
    struct Malformed: Error {}

    private let bytes: ByteSlice
    private var position: UInt64 = 0

    init(_ bytes: ByteSlice) { self.bytes = bytes }

    mutating func number<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type = T.self
    ) throws(Malformed) -> T {
        guard let value: T = bytes.load(position) else { throw Malformed() }
        position += UInt64(MemoryLayout<T>.size)
        return value
    }

    mutating func flag() throws(Malformed) -> Bool { try number(UInt8.self) != 0 }

    mutating func text() throws(Malformed) -> String {
        let size = UInt64(try number(UInt32.self))
        guard let text = bytes.text(position, size: size) else { throw Malformed() }
        position += size
        return text
    }

    mutating func optional<Value>(
        _ body: (inout NoteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value? {
        try flag() ? try body(&self) : nil
    }

    /// A list whose members take at least `size` bytes each, so that its length is checked before
    /// room is made for it.
    mutating func list<Value>(
        atLeast size: UInt64, _ body: (inout NoteReader) throws(Malformed) -> Value
    ) throws(Malformed) -> [Value] {
        let count: UInt64 = try number()
        guard count <= (bytes.count - position) / max(size, 1) else { throw Malformed() }
        var list: [Value] = []
        list.reserveCapacity(Int(count))
        for _ in 0..<count { list.append(try body(&self)) }
        return list
    }
}
