import AttachReport

/// Reads the words of Swift strings (stdlib/public/core/StringObject.swift).
enum SwiftString {
    private static let limit: UInt64 = 1024

    /// The string whose two words lie at `address`; nil where that is no native string, or longer
    /// than a name is.
    static func read(_ address: UInt64, _ reader: inout WordReader) -> String? {
        typealias Layout = StringLayout
        guard let count = reader.word(address, Layout.count),
            let object = reader.word(address, Layout.object)
        else { return nil }
        let discriminator = object >> Layout.discriminatorShift
        if discriminator & Layout.smallMask == Layout.smallMask {
            let length = Int(discriminator & Layout.smallCountMask)
            let bytes = (0..<16).map { index in
                UInt8(truncatingIfNeeded: (index < 8 ? count : object) >> UInt64(index % 8 * 8))
            }
            return String(decoding: bytes.prefix(length), as: UTF8.self)
        }
        // Literals and native objects.
        let length = count & Layout.countMask
        guard length > 0, length <= limit, discriminator & Layout.isForeign == 0 else {
            return nil
        }
        let (start, overflow) = (object & Layout.addressMask)
            .addingReportingOverflow(Layout.bias)
        guard !overflow,
            let bytes = reader.memory.copy(Address(start), count: Int(length))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
