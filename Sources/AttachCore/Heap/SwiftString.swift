import AttachReport

/// Reads the words of Swift strings (stdlib/public/core/StringObject.swift).
enum SwiftString {
    private static let limit: UInt64 = 1024

    /// The string whose two words lie at `address`; nil where that is no native string, or longer
    /// than a name is.
    static func read(_ address: UInt64, _ reader: inout WordReader) -> String? {
        guard let count = reader.word(address), let object = reader.word(address, 8) else {
            return nil
        }
        let discriminator = object >> 56
        if discriminator & 0xe0 == 0xe0 {
            // Up to 15 bytes in the words themselves.
            let length = Int(discriminator & 0xf)
            let bytes = (0..<16).map { index in
                UInt8(truncatingIfNeeded: (index < 8 ? count : object) >> UInt64(index % 8 * 8))
            }
            return String(decoding: bytes.prefix(length), as: UTF8.self)
        }
        // Literals and native objects: the bytes lie 32 behind what the object's word says.
        let length = count & 0x0000_ffff_ffff_ffff
        guard length > 0, length <= limit, discriminator & 0x40 == 0 else { return nil }
        let (start, overflow) = (object & 0x00ff_ffff_ffff_ffff).addingReportingOverflow(32)
        guard !overflow,
            let bytes = reader.memory.copy(Address(start), count: Int(length))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
