import AttachReport

/// The look-up table of `.eh_frame_hdr` (LSB 5.0 core, 10.6.2): which frame description entry
/// begins at or before an address.
struct ExceptionFrameTable {
    /// What the table's numbers are relative to.
    private let base: UInt64
    /// Where the first entry lies.
    private let entries: UInt64
    private let count: UInt64

    /// Encodings (LSB 5.0 core, 10.5.1): data-relative and signed; unsigned, of four bytes each.
    private static let tableEncoding: UInt8 = 0x3b
    private static let countEncoding: UInt8 = 0x03

    /// Reads the header that takes up `range`; nil where it is not of the one kind that linkers
    /// make, cannot be read, or claims more entries than there is room for.
    init?(_ range: Range<UInt64>, memory: TargetMemory) {
        let start = Address(range.lowerBound)
        guard let head = memory.load(start, as: UInt32.self),
            head & 0xff == 1, UInt8(truncatingIfNeeded: head >> 16) == Self.countEncoding,
            UInt8(truncatingIfNeeded: head >> 24) == Self.tableEncoding
        else { return nil }
        // The pointer to `.eh_frame` is not needed, but it decides where the rest lies.
        let pointerSize: UInt64
        switch UInt8(truncatingIfNeeded: head >> 8) & 0x0f {
        case 0x03, 0x0b: pointerSize = 4
        case 0x00, 0x04, 0x0c: pointerSize = 8
        default: return nil
        }
        let offset = 4 + pointerSize
        guard let place = start.advanced(by: offset),
            let count = memory.load(place, as: UInt32.self),
            UInt64(count) * 8 + offset + 4 <= range.upperBound - range.lowerBound
        else { return nil }
        base = range.lowerBound
        entries = place.value + 4
        self.count = UInt64(count)
    }

    /// The address of the last entry that begins at or before `pc`. Whether it reaches as far is
    /// for the entry to say.
    func record(for pc: UInt64, memory: TargetMemory) -> UInt64? {
        guard let distance = Int32(exactly: Int64(bitPattern: pc &- base)) else { return nil }
        var isMissing = false
        var record: Int32?
        // The last entry that is found to begin at or below is the last one that does.
        _ = (0..<count).partitioningIndex { index in
            guard let entry = memory.load(Address(entries &+ index * 8), as: UInt64.self) else {
                isMissing = true
                return true
            }
            guard Int32(truncatingIfNeeded: entry) <= distance else { return true }
            record = Int32(truncatingIfNeeded: Int64(bitPattern: entry) >> 32)
            return false
        }
        guard !isMissing else { return nil }
        return record.map { base &+ UInt64(bitPattern: Int64($0)) }
    }
}
