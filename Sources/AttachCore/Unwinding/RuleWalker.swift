import AttachReport

/// Walks stacks of aarch64: by unwind information, which it carries out itself, by the code of
/// functions that have none, and by frame records.
///
/// libunwind does this for the CPU alone that it was built for, and this CPU's stacks are read on
/// others, too.
struct RuleWalker: FrameStepper {
    private var descriptions: FrameDescriptions
    private let memory: TargetMemory
    private let images: ImageTable
    /// Rules by place, as far as records give them.
    private var known: [UInt64: CallFrameRules] = [:]
    /// The current frame's registers by DWARF number; nil where they cannot be had.
    private var registers: [UInt64?] = []
    private var signatureBits: UInt64?
    private var budget = 0
    private(set) var doubt: String?

    private static let architecture = Architecture.aarch64
    private static let framePointer = 29
    private static let link = 30
    private static let stackPointer = 31
    /// Places whose rules are remembered.
    private static let knownLimit = 1 << 16
    /// Function bodies that are looked at for a frame; the first part of longer ones.
    private static let codeLimit: UInt64 = 1 << 16
    /// Where signatures stand in user addresses of up to 48 bits, for want of the kernel's word;
    /// bit 55 tells user and kernel addresses apart
    /// (Documentation/arch/arm64/pointer-authentication.rst).
    private static let commonSignatureBits: UInt64 = 0xff7f_0000_0000_0000

    init(_ descriptions: FrameDescriptions) {
        self.descriptions = descriptions
        memory = descriptions.memory
        images = descriptions.images
    }

    mutating func start(_ registers: RegisterSet, budget: Int) -> Bool {
        self.registers = Self.architecture.unwindRegisterIndices.map { registers.words[$0] }
        signatureBits = registers.signatureBits
        self.budget = budget
        doubt = nil
        return true
    }

    mutating func step(from position: FramePosition) -> FrameStep {
        if let caller = interrupted(by: position) { return caller }
        do {
            if let rules = try recorded(at: position.place) { return apply(rules, isMade: false) }
        } catch {
            return .failed(error.reason)
        }
        guard let rules = made(at: position) else {
            return .failed(
                images.isExecutable(Address(position.pc))
                    ? "no unwind information for \(descriptions.describe(position.place))"
                    : "there is no code at \(Address(position.pc))")
        }
        return apply(rules, isMade: true)
    }

    // MARK: Rules

    private mutating func recorded(
        at place: UInt64
    ) throws(FrameDescriptions.Unusable) -> CallFrameRules? {
        if let rules = known[place] { return rules }
        guard images.isExecutable(Address(place)),
            let information = try descriptions.information(for: place)
        else { return nil }
        budget -= information.size
        guard budget >= 0 else {
            throw FrameDescriptions.Unusable(reason: "unwinding it takes too much work")
        }
        guard let rules = CallFrameRules(information, at: place) else {
            throw FrameDescriptions.Unusable(
                reason: "the unwind information for \(descriptions.describe(place)) "
                    + "makes no sense")
        }
        if known.count >= Self.knownLimit { known.removeAll(keepingCapacity: true) }
        known[place] = rules
        return rules
    }

    /// What the code says, as far as the stack bears it out.
    private mutating func made(at position: FramePosition) -> CallFrameRules? {
        if let function = images.functionRange(containing: Address(position.place)),
            function.contains(position.place)
        {
            let size = min(function.upperBound - function.lowerBound, Self.codeLimit)
            guard let code = memory.copy(Address(function.lowerBound), count: Int(size)),
                let pc = Int(exactly: position.pc - function.lowerBound)
            else { return nil }
            return AArch64Frame(code: code, pc: pc)
                .candidates(isInterrupted: position.isInterrupted)
                .first { leadsToCaller($0) }
        }
        if position.isInterrupted {
            if let code = memory.copy(Address(position.pc), count: 64),
                let rules = AArch64Frame(code: code, pc: 0).epilogue(), leadsToCaller(rules)
            {
                return rules
            }
            // A stub, or nowhere at all: the call before it left all as it was. After other calls
            // the register holds a place in the same function, or what the record holds.
            if !images.isExecutable(Address(position.pc)) || isStub(position.pc),
                leadsToCaller(.atEntry)
            {
                return .atEntry
            }
        }
        guard position.framePointer >= position.stackPointer, leadsToCaller(.frameRecord) else {
            return nil
        }
        if doubt == nil {
            doubt =
                "no unwind information for \(descriptions.describe(position.place)): "
                + "its caller was found by the frame pointer"
        }
        return .frameRecord
    }

    private func isStub(_ pc: UInt64) -> Bool {
        memory.copy(Address(pc), count: 16).map { AArch64Instruction.isStub($0) } ?? false
    }

    private func leadsToCaller(_ rules: CallFrameRules) -> Bool {
        guard let frame = frameAddress(rules), let stackPointer = registers[Self.stackPointer],
            frame >= stackPointer,
            let caller = value(UInt64(Self.link), rules, frame).map({ unsigned($0, rules) }),
            descriptions.isCode(returningTo: caller)
        else { return false }
        return CallSite.isReturnAddress(caller, memory: memory, architecture: Self.architecture)
    }

    // MARK: A step

    private mutating func apply(_ rules: CallFrameRules, isMade: Bool) -> FrameStep {
        guard let frame = frameAddress(rules) else { return .failed(nil) }
        if rules.registers[UInt64(Self.link)] == .undefined { return .end(stackPointer: frame) }
        guard let link = value(UInt64(Self.link), rules, frame) else {
            return .failed(missing(rules, frame))
        }
        var caller = registers
        for (number, _) in rules.registers where number < UInt64(Self.stackPointer) {
            caller[Int(number)] = value(number, rules, frame)
        }
        // What the caller had there before the call that put its own place there.
        caller[Self.link] = nil
        caller[Self.stackPointer] = frame
        let pc = unsigned(link, rules)
        caller[Self.stackPointer + 1] = pc
        registers = caller
        return found(pc, isInterrupted: false, isMade: isMade)
    }

    private func found(_ pc: UInt64, isInterrupted: Bool, isMade: Bool) -> FrameStep {
        .caller(
            CallerFrame(
                pc: pc, stackPointer: registers[Self.stackPointer] ?? 0,
                framePointer: registers[Self.framePointer] ?? 0,
                asyncContext: registers[Self.architecture.asyncContextIndex] ?? 0,
                isInterrupted: isInterrupted, isMade: isMade))
    }

    private func frameAddress(_ rules: CallFrameRules) -> UInt64? {
        guard rules.base < UInt64(registers.count), let base = registers[Int(rules.base)] else {
            return nil
        }
        return (base & Self.architecture.addressBits) &+ UInt64(bitPattern: rules.offset)
    }

    private func value(_ number: UInt64, _ rules: CallFrameRules, _ frame: UInt64) -> UInt64? {
        switch rules.registers[number] {
        case nil: return registers[Int(number)]
        case .undefined: return nil
        case .saved(let offset): return memory.word(Address(frame &+ UInt64(bitPattern: offset)))
        case .register(let source):
            return source < UInt64(registers.count) ? registers[Int(source)] : nil
        }
    }

    private func missing(_ rules: CallFrameRules, _ frame: UInt64) -> String? {
        guard case .saved(let offset) = rules.registers[UInt64(Self.link)] else { return nil }
        return "memory at \(Address(frame &+ UInt64(bitPattern: offset))) was not captured"
    }

    /// A return address without its signature.
    private func unsigned(_ address: UInt64, _ rules: CallFrameRules) -> UInt64 {
        if let signatureBits { return address & ~signatureBits }
        return rules.isSigned ? address & ~Self.commonSignatureBits : address
    }

    // MARK: Signals

    /// What a signal interrupted, where the position is the kernel's trampoline: the kernel has put
    /// all registers on the stack (`struct rt_sigframe`, arch/arm64/kernel/signal.c: `siginfo` of
    /// 128 bytes, then `struct ucontext`, asm/ucontext.h, and in it at 176 `struct sigcontext`).
    private mutating func interrupted(by position: FramePosition) -> FrameStep? {
        guard CallSite.isSignalReturn(position.pc, memory: memory) else { return nil }
        let first = position.stackPointer &+ 128 &+ 176 &+ 8
        let words = (0..<33).map { memory.word(Address(first &+ UInt64($0) * 8)) }
        guard let pc = words[32], words[Self.stackPointer] != nil else {
            return .failed("memory at \(Address(first)) was not captured")
        }
        registers = words
        return found(pc, isInterrupted: true, isMade: false)
    }
}

extension CallFrameRules {
    /// What holds at the first instruction of a function.
    static let atEntry = CallFrameRules(base: 31, offset: 0)

    /// What every function does that keeps a frame pointer: x29 points to that of the caller, and
    /// next to it lies the return address (AAPCS64, 6.4.6). How much more there is to its frame it
    /// does not say.
    static let frameRecord = CallFrameRules(
        base: 29, offset: 16, registers: [29: .saved(-16), 30: .saved(-8)])
}
