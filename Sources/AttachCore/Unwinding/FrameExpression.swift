/// Checks a DWARF expression (DWARF 5, 2.5) that tells where a frame or a register is.
enum FrameExpression {
    /// Longer ones are none that a compiler made; the signal trampoline's have six bytes or fewer.
    private static let sizeLimit = 1024

    /// Whether evaluating it surely ends, and ends well: each operation is one that is known, none
    /// is cut short, each branch goes forward to the start of another operation, and nothing is
    /// divided (the least number divided by -1 is a fault on x86).
    static func isSafe(_ expression: RecordReader) -> Bool {
        var reader = expression
        guard reader.end - reader.position <= sizeLimit else { return false }
        var starts: Set<Int> = []
        var targets: Set<Int> = []
        while !reader.isAtEnd {
            starts.insert(reader.position)
            guard let code = reader.byte() else { return false }
            if code == 0x28 || code == 0x2f {  // DW_OP_bra, DW_OP_skip
                guard let distance = reader.integer(Int16.self), distance >= 0 else { return false }
                targets.insert(reader.position + Int(distance))
            } else {
                guard operands(code, &reader) else { return false }
            }
        }
        starts.insert(reader.end)
        return targets.isSubset(of: starts)
    }

    /// Whether an operation is known, and has all of its operands.
    private static func operands(_ code: UInt8, _ reader: inout RecordReader) -> Bool {
        switch code {
        case 0x03, 0x0e, 0x0f:  // DW_OP_addr, DW_OP_const8u, DW_OP_const8s
            reader.skip(8) != nil
        case 0x08, 0x09, 0x15, 0x94:  // DW_OP_const1u, const1s, pick, deref_size
            reader.skip(1) != nil
        case 0x0a, 0x0b:  // DW_OP_const2u, const2s
            reader.skip(2) != nil
        case 0x0c, 0x0d:  // DW_OP_const4u, const4s
            reader.skip(4) != nil
        case 0x10, 0x23, 0x90:  // DW_OP_constu, plus_uconst, regx
            reader.unsigned() != nil
        case 0x11, 0x70...0x8f:  // DW_OP_consts, breg0 to breg31
            reader.signed() != nil
        case 0x92:  // DW_OP_bregx
            reader.unsigned() != nil && reader.signed() != nil
        case 0x06,  // DW_OP_deref
            0x12, 0x13, 0x14, 0x16, 0x17,  // dup, drop, over, swap, rot
            0x19, 0x1a,  // abs, and
            0x1c...0x22, 0x24...0x27,  // minus to plus, shl to xor
            0x29...0x2e,  // comparisons
            0x30...0x6f,  // lit0 to reg31
            0x96:  // nop
            true
        default:
            false
        }
    }
}
