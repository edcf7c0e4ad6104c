/// Checks call frame instructions (DWARF 5, 6.4.2) before libunwind carries them out.
///
/// libunwind 1.6 trusts them: it follows expressions that never end, indexes arrays by register
/// numbers it did not check, divides without regard to overflow, asserts that there is a rule for
/// the frame address, and takes instructions it does not know for ones without operands. So
/// whatever is not surely carried out well is refused.
struct CallFrameProgram {
    /// Whether a rule for the canonical frame address has been given.
    private(set) var definesFrameAddress = false
    /// How the entry's pointers are encoded (DW_CFA_set_loc).
    let pointerSize: Int
    private var remembered = 0

    /// States that are remembered at one time; compilers need two.
    private static let rememberedLimit = 64

    init(pointerSize: Int) { self.pointerSize = pointerSize }

    /// Why it is refused; nil where all of it is well.
    mutating func check(_ reader: RecordReader) -> String? {
        var reader = reader
        while !reader.isAtEnd {
            guard let isFine = instruction(&reader) else { return "ends within an instruction" }
            if !isFine { return "holds an instruction that is not supported" }
        }
        return nil
    }

    /// nil where the reader came to its end, false for what is refused.
    private mutating func instruction(_ reader: inout RecordReader) -> Bool? {
        guard let code = reader.byte() else { return nil }
        let operand = UInt64(code & 0x3f)
        switch code >> 6 {
        case 1:  // DW_CFA_advance_loc
            return definesFrameAddress
        case 2:  // DW_CFA_offset
            guard reader.unsigned() != nil else { return nil }
            return Self.isRegister(operand)
        case 3:  // DW_CFA_restore
            return Self.isRegister(operand)
        default:
            return extended(code, &reader)
        }
    }

    private mutating func extended(_ code: UInt8, _ reader: inout RecordReader) -> Bool? {
        switch code {
        case 0x00:  // DW_CFA_nop
            return true
        case 0x01:  // DW_CFA_set_loc
            guard reader.skip(UInt64(pointerSize)) != nil else { return nil }
            return definesFrameAddress
        case 0x02, 0x03, 0x04:  // DW_CFA_advance_loc1, 2, 4
            guard reader.skip(1 << UInt64(code - 2)) != nil else { return nil }
            return definesFrameAddress
        case 0x05, 0x2f:  // DW_CFA_offset_extended, DW_CFA_GNU_negative_offset_extended
            guard let register = reader.unsigned(), reader.unsigned() != nil else { return nil }
            return Self.isRegister(register)
        case 0x11:  // DW_CFA_offset_extended_sf
            guard let register = reader.unsigned(), reader.signed() != nil else { return nil }
            return Self.isRegister(register)
        case 0x06, 0x07, 0x08:  // DW_CFA_restore_extended, undefined, same_value
            guard let register = reader.unsigned() else { return nil }
            return Self.isRegister(register)
        case 0x09:  // DW_CFA_register
            guard let register = reader.unsigned(), let source = reader.unsigned() else {
                return nil
            }
            return Self.isRegister(register) && Self.isRegister(source)
        case 0x0a:  // DW_CFA_remember_state
            remembered += 1
            return definesFrameAddress && remembered <= Self.rememberedLimit
        case 0x0b:  // DW_CFA_restore_state
            remembered -= 1
            return remembered >= 0
        case 0x2e:  // DW_CFA_GNU_args_size
            return reader.unsigned().map { _ in true }
        default:
            return rule(code, &reader)
        }
    }

    /// Instructions about the frame address, and those that hold an expression.
    private mutating func rule(_ code: UInt8, _ reader: inout RecordReader) -> Bool? {
        switch code {
        case 0x0c:  // DW_CFA_def_cfa
            guard let register = reader.unsigned(), reader.unsigned() != nil else { return nil }
            definesFrameAddress = true
            return Self.isRegister(register)
        case 0x12:  // DW_CFA_def_cfa_sf
            guard let register = reader.unsigned(), reader.signed() != nil else { return nil }
            definesFrameAddress = true
            return Self.isRegister(register)
        case 0x0d:  // DW_CFA_def_cfa_register
            guard let register = reader.unsigned() else { return nil }
            return definesFrameAddress && Self.isRegister(register)
        case 0x0e:  // DW_CFA_def_cfa_offset
            return reader.unsigned().map { _ in definesFrameAddress }
        case 0x13:  // DW_CFA_def_cfa_offset_sf
            return reader.signed().map { _ in definesFrameAddress }
        case 0x0f:  // DW_CFA_def_cfa_expression
            definesFrameAddress = true
            return expression(&reader)
        case 0x10, 0x16:  // DW_CFA_expression, DW_CFA_val_expression
            guard let register = reader.unsigned(), let isFine = expression(&reader) else {
                return nil
            }
            return isFine && Self.isRegister(register)
        default:
            return false
        }
    }

    private func expression(_ reader: inout RecordReader) -> Bool? {
        guard let size = reader.unsigned() else { return nil }
        let start = reader.position
        guard reader.skip(size) != nil else { return nil }
        return FrameExpression.isSafe(reader.part(from: start, to: reader.position))
    }

    private static func isRegister(_ number: UInt64) -> Bool {
        number <= CallFrameInformation.returnAddressColumn
    }
}
