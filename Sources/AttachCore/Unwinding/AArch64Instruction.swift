/// The aarch64 instructions that make and unmake frames (Arm Architecture Reference Manual, C6.2);
/// all others leave the frame as it is, as far as is known here.
enum AArch64Instruction: Hashable {
    /// sp becomes sp plus so many bytes.
    case moveStackPointer(Int64)
    /// sp becomes x29 plus so many bytes.
    case setStackPointer(Int64)
    /// x29 becomes sp plus so many bytes.
    case setFramePointer(Int64)
    /// Registers are stored at sp plus so many bytes, or at the new sp after it was moved so far.
    case store([UInt8], offset: Int64, moves: Int64)
    /// Registers are loaded from there, and then sp is moved.
    case load([UInt8], offset: Int64, moves: Int64)
    /// x30 is signed, or made good again.
    case sign(Bool)
    /// A call.
    case call
    /// A jump back, or to somewhere else for good; it may be a tail call.
    case leave(isReturn: Bool)
    /// Nothing about the frame.
    case other

    /// The instruction that this word is.
    init(_ word: UInt32) {
        switch word {
        // paciasp, pacibsp; autiasp, autibsp
        case 0xd503_233f, 0xd503_237f: self = .sign(true)
        case 0xd503_23bf, 0xd503_23ff: self = .sign(false)
        // ret, retaa, retab
        case 0xd65f_03c0, 0xd65f_0bff, 0xd65f_0fff: self = .leave(isReturn: true)
        default: self = Self.arithmetic(word) ?? Self.access(word) ?? Self.branch(word)
        }
    }

    private static func arithmetic(_ word: UInt32) -> Self? {
        // add and sub (immediate), 64 bits
        guard word & 0x3f80_0000 == 0x1100_0000, word >> 31 == 1, word & 0x2000_0000 == 0 else {
            return nil
        }
        let shift: Int64 = word & 0x0040_0000 == 0 ? 0 : 12
        let amount = Int64(word >> 10 & 0xfff) << shift
        let distance = word & 0x4000_0000 == 0 ? amount : -amount
        switch (destination: word & 0x1f, source: word >> 5 & 0x1f) {
        case (31, 31): return .moveStackPointer(distance)
        case (31, 29): return .setStackPointer(distance)
        case (29, 31): return .setFramePointer(distance)
        default: return nil
        }
    }

    /// Loads and stores of one or two registers at sp.
    private static func access(_ word: UInt32) -> Self? {
        guard word >> 5 & 0x1f == 31 else { return nil }
        let first = UInt8(word & 0x1f)
        let second = UInt8(word >> 10 & 0x1f)
        // ldp, stp of x registers (a8…) and of d registers (6c…): post-index, offset, pre-index
        if word & 0xfe00_0000 == 0xa800_0000 || word & 0xfe00_0000 == 0x6c00_0000 {
            let distance = Int64(Int32(bitPattern: word << 10) >> 25) * 8
            let registers = word >> 30 == 2 ? [first, second] : []
            switch word >> 23 & 3 {
            case 1: return make(word & 0x0040_0000 != 0, registers, 0, moves: distance)
            case 2: return make(word & 0x0040_0000 != 0, registers, distance, moves: 0)
            case 3: return make(word & 0x0040_0000 != 0, registers, 0, moves: distance)
            default: return nil
            }
        }
        // ldr, str of an x register: with an unsigned offset, or moving sp
        if word & 0xff80_0000 == 0xf900_0000 {
            return make(
                word & 0x0040_0000 != 0, [first], Int64(word >> 10 & 0xfff) * 8, moves: 0)
        }
        if word & 0xffa0_0000 == 0xf800_0000, word & 0x0000_0400 != 0 {
            let distance = Int64(Int32(bitPattern: word << 11) >> 23)
            return make(word & 0x0040_0000 != 0, [first], 0, moves: distance)
        }
        return nil
    }

    private static func make(
        _ isLoad: Bool, _ registers: [UInt8], _ offset: Int64, moves: Int64
    ) -> Self {
        isLoad
            ? .load(registers, offset: offset, moves: moves)
            : .store(registers, offset: offset, moves: moves)
    }

    private static func branch(_ word: UInt32) -> Self {
        if isCall(word) { return .call }
        // b; br and its signed forms
        if word & 0xfc00_0000 == 0x1400_0000 || word & 0xfeff_f000 == 0xd61f_0000 {
            return .leave(isReturn: false)
        }
        return .other
    }

    /// Whether it is `bl`, `blr` or one of the latter's signed forms.
    static func isCall(_ word: UInt32) -> Bool {
        word & 0xfc00_0000 == 0x9400_0000 || word & 0xfeff_f000 == 0xd63f_0000
    }

    /// Whether code begins like a stub through which calls go to other files: `adrp x16`,
    /// `ldr x17, [x16, …]`, maybe behind `bti c` (aaelf64, 8.5).
    static func isStub(_ code: [UInt8]) -> Bool {
        var words = AArch64Code.words(code)[...]
        if words.first == 0xd503_245f { words = words.dropFirst() }
        guard words.count >= 2, let page = words.first, let load = words.dropFirst().first else {
            return false
        }
        return page & 0x9f00_001f == 0x9000_0010 && load & 0xffc0_03ff == 0xf940_0211
    }
}
