/// Finds out where a function's frame is from its machine code, for functions without unwind
/// information: compilers leave it out where nothing can be thrown, which is common in Swift.
///
/// Works on bytes alone. Its answers are rules to try, best first; which of them leads to a caller
/// only the stack can tell.
struct PrologueDecoder {
    /// A rule that may hold.
    struct Candidate: Hashable {
        /// The rule.
        var rule: FrameRule
        /// rbp minus rsp, which the rule implies; nil where it implies nothing.
        var distance: UInt64?
    }

    /// What is known on the way through a prologue.
    private struct State {
        /// Bytes pushed or reserved below the return address.
        var depth: Int64 = 0
        /// CFA minus rbp, once rbp is the frame pointer.
        var frame: Int64?
        /// Registers that must be given back as they were, where they were saved.
        var saved: [FrameRule.SavedRegister] = []
    }

    /// Registers that a function must give back as it found them: rbx, rbp, r12 to r15.
    private static let preserved: Set<UInt8> = [3, 6, 12, 13, 14, 15]
    /// The most that a frame may take, against numbers that make no sense.
    private static let depthLimit: Int64 = 1 << 30
    /// Instructions of an epilogue; the longest pops six registers.
    private static let epilogueLimit = 16
    private static let frameStart: [UInt8] = [0x55, 0x48, 0x89, 0xe5]

    /// The bytes of the function, from its first; those far behind `pc` may be missing.
    private let code: [UInt8]
    /// How long the function is.
    private let size: Int
    /// Where in it the thread stood, or returns to.
    private let pc: Int

    /// - Parameters:
    ///   - code: the function's bytes from its start.
    ///   - size: its whole length.
    ///   - pc: offset of the instruction that comes next.
    init(code: [UInt8], size: Int, pc: Int) {
        self.code = code
        self.size = size
        self.pc = pc
    }

    /// Rules that may hold at the pc, best first. Only where the thread was interrupted, rather
    /// than in a call, can it have stood in an epilogue.
    func candidates(isInterrupted: Bool) -> [Candidate] {
        var candidates: [Candidate] = []
        if isInterrupted, let rule = epilogue() { candidates.append(Candidate(rule: rule)) }
        var state = State()
        let stop = follow(from: 0, &state)
        candidates.append(Candidate(rule: rule(state, frame: state.frame)))
        // The frame may be made further on, behind a quick way out.
        if state.frame == nil, stop < pc, let start = frameStart(from: stop) {
            _ = follow(from: start, &state)
            let distance = state.frame.map { state.depth + 8 - $0 } ?? -1
            candidates.append(
                Candidate(
                    rule: rule(state, frame: state.frame),
                    distance: distance >= 0 ? UInt64(distance) : nil))
        }
        return candidates
    }

    /// The rule at a place whose function is not known, where only an epilogue is left to do.
    static func epilogue(at code: [UInt8]) -> FrameRule? {
        PrologueDecoder(code: code, size: .max, pc: 0).epilogue()
    }

    private func rule(_ state: State, frame: Int64?) -> FrameRule {
        FrameRule(
            base: frame == nil ? .stackPointer : .framePointer,
            offset: UInt64(frame ?? state.depth + 8), saved: state.saved)
    }

    /// Follows a prologue up to the pc or the first instruction that is not of its kind, and
    /// returns where that is.
    private func follow(from start: Int, _ state: inout State) -> Int {
        var offset = start
        while offset < pc, let (instruction, length) = FrameInstruction.decode(code, at: offset),
            offset + length <= pc, Self.apply(instruction, to: &state)
        {
            offset += length
        }
        return offset
    }

    /// False where the instruction is none of a prologue's.
    private static func apply(_ instruction: FrameInstruction, to state: inout State) -> Bool {
        switch instruction {
        case .neutral:
            return true
        case .push(let register):
            state.depth += 8
            if preserved.contains(register), !state.saved.contains(where: { $0.number == register })
            {
                state.saved.append(
                    FrameRule.SavedRegister(number: register, depth: UInt64(state.depth) + 8))
            }
            return true
        case .setFramePointer(let distance):
            // rbp points somewhere else than into the frame where it is used as any register.
            let frame = state.depth + 8 - distance
            guard state.frame == nil, frame >= 16, frame <= depthLimit else { return false }
            state.frame = frame
            return true
        case .moveStackPointer(let distance):
            guard distance < 0, state.depth - distance <= depthLimit else { return false }
            state.depth -= distance
            return true
        default:
            return false
        }
    }

    /// Where a frame begins to be made, before the pc.
    private func frameStart(from start: Int) -> Int? {
        let end = min(pc, code.count - Self.frameStart.count + 1)
        guard start < end else { return nil }
        return (start..<end).first { offset in
            Self.frameStart.indices.allSatisfy { code[offset + $0] == Self.frameStart[$0] }
        }
    }

    /// Whether the instruction before the pc seems to pop a register or to give up room.
    private func followsEpilogue() -> Bool {
        if pc >= 4, pc <= code.count, Array(code[pc - 4..<pc - 1]) == [0x48, 0x83, 0xc4] {
            return true
        }
        return pc >= 1 && pc <= code.count && 0x58...0x5f ~= code[pc - 1]
    }

    /// The rule where only an epilogue is left to do; nil where something else is.
    private func epilogue() -> FrameRule? {
        var offset = pc
        var height: Int64 = 0
        var popped: [(number: UInt8, height: Int64)] = []
        var hasBegun = false
        for _ in 0..<Self.epilogueLimit {
            guard let (instruction, length) = FrameInstruction.decode(code, at: offset) else {
                return nil
            }
            offset += length
            switch instruction {
            case .neutral:
                continue
            case .pop(let register):
                popped.append((register, height))
                height += 8
            case .moveStackPointer(let distance):
                guard distance > 0, height + distance <= Self.depthLimit else { return nil }
                height += distance
            case .leave:
                return hasBegun ? nil : .framePointer
            case .jump(let distance):
                let (target, overflow) = offset.addingReportingOverflow(Int(distance))
                guard !overflow, target < 0 || target >= size else { return nil }
                return Self.rule(height, popped)
            case .jumpThroughRegister:
                // Alone it may as well be a switch.
                return hasBegun || followsEpilogue() ? Self.rule(height, popped) : nil
            case .ret, .jumpThroughSlot:
                return Self.rule(height, popped)
            default:
                return nil
            }
            hasBegun = true
        }
        return nil
    }

    /// The rule for so many bytes to the return address, with what is popped on the way there.
    private static func rule(
        _ height: Int64, _ popped: [(number: UInt8, height: Int64)]
    ) -> FrameRule {
        let saved = popped.filter { preserved.contains($0.number) }.map {
            FrameRule.SavedRegister(number: $0.number, depth: UInt64(height + 8 - $0.height))
        }
        return FrameRule(base: .stackPointer, offset: UInt64(height + 8), saved: saved)
    }
}
