/// How to get from one frame of x86_64 code to its caller, where no unwind information says so.
struct FrameRule: Hashable, Sendable {
    /// What the canonical frame address (CFA) is reckoned from.
    enum Base: UInt8, Sendable {
        /// rbp, with its DWARF number.
        case framePointer = 6
        /// rsp.
        case stackPointer = 7
    }

    /// A register that the frame saved.
    struct SavedRegister: Hashable, Sendable {
        /// Its DWARF number (AMD64 psABI, figure 3.36), below 16.
        var number: UInt8
        /// It lies so many bytes below the CFA; a multiple of 8.
        var depth: UInt64
    }

    /// What the CFA is reckoned from.
    var base: Base
    /// Bytes from there up to the CFA, which is 8 above the return address.
    var offset: UInt64
    /// What else can be restored.
    var saved: [SavedRegister] = []

    /// What every function does that keeps a frame pointer.
    static let framePointer = FrameRule(
        base: .framePointer, offset: 16, saved: [SavedRegister(number: 6, depth: 16)])

    /// What holds at the first instruction of a function.
    static let atEntry = FrameRule(base: .stackPointer, offset: 8)

    /// Where the caller's frame begins for these registers; nil where that would wrap.
    func frameAddress(stackPointer: UInt64, framePointer: UInt64) -> UInt64? {
        let (sum, overflow) = (base == .framePointer ? framePointer : stackPointer)
            .addingReportingOverflow(offset)
        return overflow || sum < 8 ? nil : sum
    }

    /// Bytes of a record that says the same for `code` (LSB 5.0 core, 10.6): first the common
    /// information entry, then at `recordOffset` the frame description entry.
    func record(for code: Range<UInt64>) -> [UInt8] {
        var bytes = Self.common
        var description: [UInt8] = []
        // Back to the common entry, counted from this very field.
        Self.append(UInt32(bytes.count + 4), to: &description)
        Self.append(code.lowerBound, to: &description)
        Self.append(code.upperBound - code.lowerBound, to: &description)
        description.append(0)  // no augmentation data
        description += [0x0c, base.rawValue]  // DW_CFA_def_cfa
        Self.appendLEB(offset, to: &description)
        for register in saved {
            description.append(0x80 | (register.number & 0x3f))  // DW_CFA_offset
            Self.appendLEB(register.depth / 8, to: &description)
        }
        while description.count % 8 != 4 { description.append(0) }  // DW_CFA_nop
        Self.append(UInt32(description.count), to: &bytes)
        return bytes + description
    }

    /// Where in `record` the frame description entry begins.
    static let recordOffset = UInt64(common.count)

    /// Version 1, augmentation "zR", alignments 1 and -8, return address in column 16, absolute
    /// eight-byte addresses; return address at CFA - 8.
    private static let common: [UInt8] = [
        20, 0, 0, 0, 0, 0, 0, 0, 1, 0x7a, 0x52, 0, 1, 0x78, 16, 1, 0,
        0x0c, 7, 8, 0x90, 1, 0, 0,
    ]

    private static func append<T: FixedWidthInteger>(_ value: T, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    private static func appendLEB(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
