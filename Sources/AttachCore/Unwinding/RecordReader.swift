/// Reads the fields of an unwind record front to back, never past its end.
///
/// It reads numbers as libunwind does, and refuses those that libunwind would read in another way,
/// so that what was checked here is what is carried out there.
struct RecordReader {
    private let bytes: [UInt8]
    /// Bytes from the start of the record.
    private(set) var position: Int
    /// Where reading stops.
    let end: Int

    /// A reader of `bytes`, from `start` up to `end`.
    init(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        self.end = min(max(end ?? bytes.count, 0), bytes.count)
        position = min(max(start, 0), self.end)
    }

    /// Whether nothing is left.
    var isAtEnd: Bool { position >= end }

    /// The next byte.
    mutating func byte() -> UInt8? {
        guard position < end else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next integer of this type, little-endian.
    mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        let size = T.bitWidth / 8
        guard end - position >= size else { return nil }
        var value: T = 0
        for index in 0..<size {
            value |= T(truncatingIfNeeded: bytes[position + index]) << T(index * 8)
        }
        position += size
        return value
    }

    /// The next unsigned LEB128 number; nil as well where it needs more than 64 bits.
    mutating func unsigned() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = byte() else { return nil }
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    /// The next signed LEB128 number; nil as well where it needs more than 63 bits.
    mutating func signed() -> Int64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = byte() else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 {
                if byte & 0x40 != 0 { value |= UInt64.max << (shift + 7) }
                return Int64(bitPattern: value)
            }
        }
        return nil
    }

    /// Passes over so many bytes; nil where there are not so many.
    mutating func skip(_ count: UInt64) -> Void? {
        guard count <= UInt64(end - position) else { return nil }
        position += Int(count)
        return ()
    }

    /// A reader of a part of the same record.
    func part(from start: Int, to end: Int) -> RecordReader {
        RecordReader(bytes, from: start, to: min(end, self.end))
    }
}
