/// Recognises the stubs through which calls go to other files. They have no symbols, and some
/// linkers write no unwind information for them.
struct StubDecoder {
    /// The rule at a place with these bytes before and behind it; nil where it is no known stub.
    ///
    /// A stub jumps through a slot; where that is not filled in yet, it pushes a number and jumps
    /// to the first stub, which pushes a word and jumps through a slot.
    static func rule(before: [UInt8], at code: [UInt8]) -> FrameRule? {
        var start = 0
        if let (first, length) = FrameInstruction.decode(code, at: 0), first == .neutral {
            start = length
        }
        if let (next, _) = FrameInstruction.decode(code, at: start) {
            switch next {
            case .jumpThroughSlot:
                return ends(before, with: 0xff, 0x35, size: 6) ? depth(16) : .atEntry
            case .jump:
                return ends(before, with: 0x68, size: 5) ? depth(8) : nil
            default:
                return nil
            }
        }
        if isPush(code, at: start, 0x68, size: 5),
            case .jump? = FrameInstruction.decode(code, at: start + 5)?.instruction
        {
            return .atEntry
        }
        if isPush(code, at: start, 0xff, 0x35, size: 6),
            FrameInstruction.decode(code, at: start + 6)?.instruction == .jumpThroughSlot
        {
            return depth(8)
        }
        return nil
    }

    private static func depth(_ bytes: UInt64) -> FrameRule {
        FrameRule(base: .stackPointer, offset: 8 + bytes)
    }

    private static func ends(_ bytes: [UInt8], with opcode: UInt8..., size: Int) -> Bool {
        bytes.count >= size && Array(bytes.suffix(size).prefix(opcode.count)) == opcode
    }

    private static func isPush(
        _ code: [UInt8], at offset: Int, _ opcode: UInt8..., size: Int
    ) -> Bool {
        code.count >= offset + size
            && Array(code[offset..<offset + opcode.count]) == opcode
    }
}
