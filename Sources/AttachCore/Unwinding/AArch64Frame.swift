/// Finds out where a function's frame is from its machine code, for functions without unwind
/// information, as `PrologueDecoder` does for x86_64.
///
/// Works on words alone. Its answers are rules to try, best first; which of them leads to a caller
/// only the stack can tell.
struct AArch64Frame {
    /// What is known at a place.
    private struct State {
        /// Bytes from sp up to where it was at the entry.
        var depth: Int64 = 0
        /// Bytes from x29 up to there, once it points to the frame record.
        var frame: Int64?
        /// Where registers were saved, in bytes below sp at the entry.
        var saved: [UInt8: Int64] = [:]
        var isSigned = false

        var rules: CallFrameRules {
            var registers: [UInt64: CallFrameRules.Rule] = [:]
            for (number, depth) in saved { registers[UInt64(number)] = .saved(-depth) }
            return CallFrameRules(
                base: frame == nil ? 31 : 29, offset: frame ?? depth, registers: registers,
                isSigned: isSigned)
        }
    }

    /// Registers that a function must give back as it found them: x19 to x29, and x30 (AAPCS64,
    /// 6.1.1).
    private static let preserved: ClosedRange<UInt8> = 19...30
    /// The most that a frame may take, against numbers that make no sense.
    private static let depthLimit: Int64 = 1 << 30
    /// Instructions of an epilogue; the longest loads twelve registers and eight of vectors.
    private static let epilogueLimit = 16

    private let words: [UInt32]
    private let pc: Int

    /// - Parameters:
    ///   - code: the function's bytes from its start; those far behind `pc` may be missing.
    ///   - pc: offset of the instruction that comes next.
    init(code: [UInt8], pc: Int) {
        words = AArch64Code.words(code)
        self.pc = pc / 4
    }

    /// Rules that may hold at the pc, best first. Only where the thread was interrupted, rather
    /// than in a call, can it have stood in an epilogue.
    func candidates(isInterrupted: Bool) -> [CallFrameRules] {
        let body = body().rules
        guard isInterrupted, let epilogue = epilogue() else { return [body] }
        return [epilogue, body]
    }

    /// Follows the code up to the pc as it stands. Where it leaves the function on the way, what
    /// comes behind is taken to begin as the part before that epilogue ended.
    private func body() -> State {
        var state = State()
        var beforeEpilogue: State?
        for word in words.prefix(max(pc, 0)) {
            switch AArch64Instruction(word) {
            case .leave:
                state = beforeEpilogue ?? state
                beforeEpilogue = nil
            case .load(let registers, let offset, let moves):
                // Given back, if it is from where it was saved; anything else is a value of the
                // function's own.
                let start = state.depth - offset
                let restored = registers.indices.filter {
                    state.saved[registers[$0]] == start - Int64($0) * 8
                }.map { registers[$0] }
                guard moves != 0 || !restored.isEmpty else { continue }
                beforeEpilogue = beforeEpilogue ?? state
                state.depth -= moves
                for register in restored { state.saved[register] = nil }
                if restored.contains(29) { state.frame = nil }
            case .moveStackPointer(let distance) where distance > 0:
                beforeEpilogue = beforeEpilogue ?? state
                state.depth -= distance
            case .setStackPointer(let distance):
                guard let frame = state.frame else { continue }
                beforeEpilogue = beforeEpilogue ?? state
                state.depth = frame - distance
            case .sign(false):
                beforeEpilogue = beforeEpilogue ?? state
                state.isSigned = false
            case .sign(true): state.isSigned = true
            case .moveStackPointer(let distance): state.depth -= distance
            case .setFramePointer(let distance):
                if state.saved[29] != nil { state.frame = state.depth - distance }
            case .store(let registers, let offset, let moves):
                state.depth -= moves
                let start = state.depth - offset
                for (index, register) in registers.enumerated()
                where Self.preserved.contains(register) && state.saved[register] == nil {
                    state.saved[register] = start - Int64(index) * 8
                }
            case .call, .other: break
            }
            guard (0...Self.depthLimit).contains(state.depth) else { return State() }
        }
        return state
    }

    /// The rule where only an epilogue is left to do; nil where something else is.
    func epilogue() -> CallFrameRules? {
        var height: Int64 = 0
        var loaded: [UInt8: Int64] = [:]
        var isSigned = false
        var hasBegun = false
        for word in words.dropFirst(max(pc, 0)).prefix(Self.epilogueLimit) {
            switch AArch64Instruction(word) {
            case .leave(let isReturn):
                guard isReturn || hasBegun else { return nil }
                var registers: [UInt64: CallFrameRules.Rule] = [:]
                for (number, place) in loaded { registers[UInt64(number)] = .saved(place - height) }
                return CallFrameRules(
                    base: 31, offset: height, registers: registers, isSigned: isSigned)
            case .load(let registers, let offset, let moves):
                for (index, register) in registers.enumerated()
                where Self.preserved.contains(register) {
                    loaded[register] = height + offset + Int64(index) * 8
                }
                height += moves
            case .moveStackPointer(let distance) where distance > 0: height += distance
            case .sign(false): isSigned = true
            default: return nil
            }
            guard (0...Self.depthLimit).contains(height) else { return nil }
            hasBegun = true
        }
        return nil
    }
}
