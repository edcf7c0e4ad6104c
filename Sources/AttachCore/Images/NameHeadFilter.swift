/// A set of the first eight bytes of names (`SymbolTable.nameHead`), which may say yes to others
/// too: it spares most names of a table the look-up in a dictionary.
struct NameHeadFilter {
    private var bits = [UInt64](repeating: 0, count: 64)

    /// Adds one.
    mutating func insert(_ head: UInt64) {
        let bit = Self.bit(head)
        bits[bit >> 6] |= 1 << UInt64(bit & 63)
    }

    /// False for most of those that were not added, true for all that were.
    @inline(__always)
    func mayContain(_ head: UInt64) -> Bool {
        let bit = Self.bit(head)
        return bits[bit >> 6] & (1 << UInt64(bit & 63)) != 0
    }

    /// Twelve bits that most heads do not share.
    @inline(__always)
    private static func bit(_ head: UInt64) -> Int {
        Int((head &* 0x9e37_79b9_7f4a_7c15) >> 52)
    }
}
