/// A call frame instruction (DWARF 5, 6.4.2), decoded and not judged yet.
enum CallFrameInstruction {
    /// Nothing about where registers are.
    case nothing
    /// What follows holds so many code alignment units further on.
    case advance(UInt64)
    /// What follows holds from an address on.
    case setLocation
    /// The register lies at the frame address plus so many data alignment units.
    case offset(UInt64, Int64)
    /// The register's rule is again that of the common entry.
    case restore(UInt64)
    /// The register cannot be had.
    case undefined(UInt64)
    /// The register was left alone.
    case sameValue(UInt64)
    /// The first register is held in the second.
    case register(UInt64, UInt64)
    case rememberState
    case restoreState
    /// The frame address is a register plus so many bytes, or data alignment units if it is
    /// `isFactored`.
    case frame(UInt64, offset: Int64, isFactored: Bool)
    case frameRegister(UInt64)
    case frameOffset(Int64, isFactored: Bool)
    case frameExpression(RecordReader)
    /// The register lies where an expression says, or has the value of one.
    case expression(UInt64, RecordReader, isValue: Bool)
    /// The return address is signed from here on if it was not, and the other way round.
    case toggleSigning
    /// What is supported nowhere.
    case unknown

    /// The next one; nil where it is cut short. `pointerSize` is that of the entry's addresses.
    static func read(_ reader: inout RecordReader, pointerSize: Int) -> Self? {
        guard let code = reader.byte() else { return nil }
        let operand = UInt64(code & 0x3f)
        switch code >> 6 {
        case 1: return .advance(operand)  // DW_CFA_advance_loc
        case 2: return reader.unsigned().map { .offset(operand, signed($0)) }  // DW_CFA_offset
        case 3: return .restore(operand)  // DW_CFA_restore
        default: break
        }
        switch code {
        case 0x00: return .nothing  // DW_CFA_nop
        case 0x01: return reader.skip(UInt64(pointerSize)).map { .setLocation }  // DW_CFA_set_loc
        // DW_CFA_advance_loc1, 2, 4
        case 0x02: return reader.byte().map { .advance(UInt64($0)) }
        case 0x03: return reader.integer(UInt16.self).map { .advance(UInt64($0)) }
        case 0x04: return reader.integer(UInt32.self).map { .advance(UInt64($0)) }
        case 0x2e: return reader.unsigned().map { _ in .nothing }  // DW_CFA_GNU_args_size
        case 0x0a: return .rememberState  // DW_CFA_remember_state
        case 0x0b: return .restoreState  // DW_CFA_restore_state
        // DW_CFA_AARCH64_negate_ra_state (DWARF for the Arm 64-bit architecture, 4.4)
        case 0x2d: return .toggleSigning
        case 0x05...0x09, 0x10, 0x11, 0x16, 0x2f: return ofRegister(code, &reader)
        default: return ofFrame(code, &reader)
        }
    }

    private static func ofRegister(_ code: UInt8, _ reader: inout RecordReader) -> Self? {
        guard let register = reader.unsigned() else { return nil }
        switch code {
        case 0x05:  // DW_CFA_offset_extended
            return reader.unsigned().map { .offset(register, signed($0)) }
        case 0x2f:  // DW_CFA_GNU_negative_offset_extended
            return reader.unsigned().map { .offset(register, 0 &- signed($0)) }
        case 0x11:  // DW_CFA_offset_extended_sf
            return reader.signed().map { .offset(register, $0) }
        case 0x06: return .restore(register)  // DW_CFA_restore_extended
        case 0x07: return .undefined(register)  // DW_CFA_undefined
        case 0x08: return .sameValue(register)  // DW_CFA_same_value
        case 0x09: return reader.unsigned().map { .register(register, $0) }  // DW_CFA_register
        default:  // DW_CFA_expression, DW_CFA_val_expression
            return expression(&reader).map {
                .expression(register, $0, isValue: code == 0x16)
            }
        }
    }

    private static func ofFrame(_ code: UInt8, _ reader: inout RecordReader) -> Self? {
        switch code {
        case 0x0c:  // DW_CFA_def_cfa
            guard let register = reader.unsigned(), let offset = reader.unsigned() else {
                return nil
            }
            return .frame(register, offset: signed(offset), isFactored: false)
        case 0x12:  // DW_CFA_def_cfa_sf
            guard let register = reader.unsigned(), let offset = reader.signed() else {
                return nil
            }
            return .frame(register, offset: offset, isFactored: true)
        case 0x0d: return reader.unsigned().map { .frameRegister($0) }  // DW_CFA_def_cfa_register
        case 0x0e:  // DW_CFA_def_cfa_offset
            return reader.unsigned().map { .frameOffset(signed($0), isFactored: false) }
        case 0x13:  // DW_CFA_def_cfa_offset_sf
            return reader.signed().map { .frameOffset($0, isFactored: true) }
        case 0x0f:  // DW_CFA_def_cfa_expression
            return expression(&reader).map { .frameExpression($0) }
        default: return .unknown
        }
    }

    private static func expression(_ reader: inout RecordReader) -> RecordReader? {
        guard let size = reader.unsigned() else { return nil }
        let start = reader.position
        guard reader.skip(size) != nil else { return nil }
        return reader.part(from: start, to: reader.position)
    }

    private static func signed(_ number: UInt64) -> Int64 { Int64(bitPattern: number) }
}
