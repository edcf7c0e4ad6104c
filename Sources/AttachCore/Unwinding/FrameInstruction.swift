/// The x86_64 instructions that make and unmake frames; all others are unknown here
/// (Intel SDM, volume 2).
enum FrameInstruction: Hashable {
    /// `endbr64`, `bts $60,%rbp`, `btr $60,%rbp`, `vzeroupper`: nothing about the frame's place.
    case neutral
    /// `push`, with the register's DWARF number.
    case push(UInt8)
    /// `pop`, likewise.
    case pop(UInt8)
    /// rbp becomes rsp plus so many bytes.
    case setFramePointer(Int64)
    /// rsp becomes rsp plus so many bytes.
    case moveStackPointer(Int64)
    /// `leave`.
    case leave
    /// `ret`.
    case ret
    /// A jump to a place so many bytes behind the instruction.
    case jump(Int64)
    /// A jump through a slot at a fixed address, as stubs do it.
    case jumpThroughSlot
    /// A jump to where a register says: a tail call or a switch.
    case jumpThroughRegister

    /// By the number in the instruction's encoding.
    private static let dwarfNumbers: [UInt8] = [
        0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15,
    ]

    /// The instruction at `offset` and its length; nil for any other.
    static func decode(_ code: [UInt8], at offset: Int) -> (instruction: Self, length: Int)? {
        func byte(_ index: Int) -> UInt8? {
            offset + index < code.count ? code[offset + index] : nil
        }
        func signed32(_ index: Int) -> Int64? {
            guard offset + index + 4 <= code.count else { return nil }
            let word = (0..<4).reduce(UInt32(0)) {
                $0 | UInt32(code[offset + index + $1]) << UInt32($1 * 8)
            }
            return Int64(Int32(bitPattern: word))
        }
        func signed8(_ index: Int) -> Int64? { byte(index).map { Int64(Int8(bitPattern: $0)) } }
        func starts(_ bytes: UInt8...) -> Bool {
            offset + bytes.count <= code.count
                && bytes.indices.allSatisfy { code[offset + $0] == bytes[$0] }
        }

        guard offset >= 0, let first = byte(0) else { return nil }
        switch first {
        case 0x50...0x57: return (.push(dwarfNumbers[Int(first - 0x50)]), 1)
        case 0x58...0x5f: return (.pop(dwarfNumbers[Int(first - 0x58)]), 1)
        case 0xc3: return (.ret, 1)
        case 0xc2: return byte(2).map { _ in (.ret, 3) }
        case 0xc9: return (.leave, 1)
        case 0xeb: return signed8(1).map { (.jump($0), 2) }
        case 0xe9: return signed32(1).map { (.jump($0), 5) }
        case 0x41:
            guard let second = byte(1) else { return nil }
            switch second {
            case 0x50...0x57: return (.push(dwarfNumbers[Int(second - 0x50) + 8]), 2)
            case 0x58...0x5f: return (.pop(dwarfNumbers[Int(second - 0x58) + 8]), 2)
            case 0xff:
                guard let third = byte(2), 0xe0...0xe7 ~= third else { return nil }
                return (.jumpThroughRegister, 3)
            default: return nil
            }
        case 0xff:
            if starts(0xff, 0x25) { return byte(5).map { _ in (.jumpThroughSlot, 6) } }
            guard let second = byte(1), 0xe0...0xe7 ~= second else { return nil }
            return (.jumpThroughRegister, 2)
        case 0xf2:  // `bnd`
            return starts(0xf2, 0xff, 0x25) ? byte(6).map { _ in (.jumpThroughSlot, 7) } : nil
        case 0xf3:
            if starts(0xf3, 0x0f, 0x1e, 0xfa) { return (.neutral, 4) }
            return starts(0xf3, 0xc3) ? (.ret, 2) : nil
        case 0xc5:
            return starts(0xc5, 0xf8, 0x77) ? (.neutral, 3) : nil
        case 0x48: break
        default: return nil
        }
        if starts(0x48, 0x89, 0xe5) || starts(0x48, 0x8b, 0xec) {
            return (.setFramePointer(0), 3)
        }
        if starts(0x48, 0x8d, 0x6c, 0x24) { return signed8(4).map { (.setFramePointer($0), 5) } }
        if starts(0x48, 0x8d, 0xac, 0x24) { return signed32(4).map { (.setFramePointer($0), 8) } }
        if starts(0x48, 0x8d, 0x64, 0x24) { return signed8(4).map { (.moveStackPointer($0), 5) } }
        if starts(0x48, 0x8d, 0xa4, 0x24) { return signed32(4).map { (.moveStackPointer($0), 8) } }
        if starts(0x48, 0x83, 0xec) { return signed8(3).map { (.moveStackPointer(-$0), 4) } }
        if starts(0x48, 0x81, 0xec) { return signed32(3).map { (.moveStackPointer(-$0), 7) } }
        if starts(0x48, 0x83, 0xc4) { return signed8(3).map { (.moveStackPointer($0), 4) } }
        if starts(0x48, 0x81, 0xc4) { return signed32(3).map { (.moveStackPointer($0), 7) } }
        if starts(0x48, 0x0f, 0xba, 0xed, 0x3c) || starts(0x48, 0x0f, 0xba, 0xf5, 0x3c) {
            return (.neutral, 5)
        }
        return nil
    }
}
