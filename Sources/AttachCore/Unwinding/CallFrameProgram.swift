/// Checks call frame instructions before they are carried out.
///
/// On x86_64 libunwind 1.6 does that, and trusts them: it follows expressions that never end,
/// indexes arrays by register numbers it did not check, divides without regard to overflow,
/// asserts that there is a rule for the frame address, and takes instructions it does not know for
/// ones without operands. So whatever is not surely carried out well is refused.
struct CallFrameProgram {
    /// Whether a rule for the canonical frame address has been given.
    private(set) var definesFrameAddress = false
    /// How the entry's pointers are encoded (DW_CFA_set_loc).
    let pointerSize: Int
    private let architecture: Architecture
    private var remembered = 0

    /// States that are remembered at one time; compilers need two.
    private static let rememberedLimit = 64

    init(pointerSize: Int, architecture: Architecture = .x86_64) {
        self.pointerSize = pointerSize
        self.architecture = architecture
    }

    /// Why it is refused; nil where all of it is well.
    mutating func check(_ reader: RecordReader) -> String? {
        var reader = reader
        while !reader.isAtEnd {
            guard let next = CallFrameInstruction.read(&reader, pointerSize: pointerSize) else {
                return "ends within an instruction"
            }
            if !isFine(next) { return "holds an instruction that is not supported" }
        }
        return nil
    }

    private mutating func isFine(_ instruction: CallFrameInstruction) -> Bool {
        switch instruction {
        case .nothing:
            return true
        case .advance:
            return definesFrameAddress
        case .setLocation:
            return definesFrameAddress && architecture == .x86_64
        case .offset(let register, _), .restore(let register), .undefined(let register),
            .sameValue(let register):
            return isRegister(register)
        case .register(let register, let source):
            return isRegister(register) && isRegister(source)
        case .rememberState:
            remembered += 1
            return definesFrameAddress && remembered <= Self.rememberedLimit
        case .restoreState:
            remembered -= 1
            return remembered >= 0
        case .frame(let register, _, _):
            definesFrameAddress = true
            return isRegister(register)
        case .frameRegister(let register):
            return definesFrameAddress && isRegister(register)
        case .frameOffset:
            return definesFrameAddress
        case .frameExpression(let expression):
            definesFrameAddress = true
            return isSafe(expression)
        case .expression(let register, let expression, _):
            return isRegister(register) && isSafe(expression)
        case .toggleSigning:
            return architecture == .aarch64
        case .unknown:
            return false
        }
    }

    private func isRegister(_ number: UInt64) -> Bool {
        number <= architecture.lastUnwindRegister
    }

    private func isSafe(_ expression: RecordReader) -> Bool {
        architecture == .x86_64 && FrameExpression.isSafe(expression)
    }
}
