import AttachReport

/// Walks native stacks over captured memory.
struct Unwinder {
    private let architecture: Architecture
    private let descriptions: FrameDescriptions
    private var stepper: (any FrameStepper)?

    /// Steps after which a walk is given up.
    private static let stepLimit = 100_000
    /// Bytes of unwind information that are carried out for one stack.
    private static let budget = 64 << 20

    /// The target's memory must hold stacks, and the images' code and unwind tables.
    init(_ target: Target) {
        architecture = target.architecture
        descriptions = FrameDescriptions(target)
        switch architecture {
        case .x86_64: stepper = FrameWalker(UnwindTarget(descriptions))
        case .aarch64: stepper = RuleWalker(descriptions)
        }
    }

    /// The stack of a thread with these registers. At most `limit` frames are kept.
    mutating func unwind(_ registers: RegisterSet, limit: Int = 512) -> NativeStack {
        var frames = FrameRetention(limit: limit)
        let reason = walk(registers, into: &frames)
        var stack = frames.stack
        stack.stoppedBecause = reason
        stack.uncertainBecause = stepper?.doubt
        return stack
    }

    /// Why it ended before the end of the stack.
    private mutating func walk(
        _ registers: RegisterSet, into frames: inout FrameRetention
    ) -> String? {
        var frame = innermost(registers)
        guard registers.architecture == architecture else {
            frames.append(frame)
            return "the thread is of another CPU than its process"
        }
        guard stepper?.start(registers, budget: Self.budget) == true else {
            frames.append(frame)
            return Architecture.native == architecture
                ? "there was not enough memory to unwind it"
                : "stacks of \(architecture.rawValue) are not unwound on other CPUs"
        }
        var position = FramePosition(
            pc: registers.programCounter, isInterrupted: true,
            stackPointer: frame.canonicalFrameAddress.value, framePointer: frame.framePointer)
        // Elsewhere the frame address grows, so that a circle must pass an interrupted frame.
        var interrupted: Set<Interruption> = []

        for step in 0..<Self.stepLimit {
            frame.canonicalFrameAddress = Address(position.stackPointer)
            let caller: CallerFrame
            switch stepper?.step(from: position) {
            case .caller(let found):
                caller = found
            case .end(let stackPointer):
                if unmarked(stackPointer) > position.stackPointer {
                    frame.canonicalFrameAddress = Address(unmarked(stackPointer))
                }
                frames.append(frame)
                return nil
            case .failed(let reason):
                frames.append(frame)
                // The C library describes no frame where a new thread begins, and there is none.
                if step == 0, registers.isNewThread { return nil }
                return reason
                    ?? "the frame at \(descriptions.describe(position.place)) makes no sense"
            case nil:
                return nil
            }
            let stackPointer = unmarked(caller.stackPointer)
            let isProgress =
                caller.isInterrupted || stackPointer > position.stackPointer
                || isLeaf(position, callerAt: stackPointer)
            if isProgress { frame.canonicalFrameAddress = Address(stackPointer) }
            // The kernel, not a call, put the trampoline's address where it was found.
            if caller.isInterrupted { frame.address.kind = .programCounter }
            frames.append(frame)

            guard isProgress else { return "the stack pointer does not move" }
            if caller.isInterrupted {
                guard interrupted.insert(Interruption(caller.pc, stackPointer)).inserted else {
                    return "the stack runs in a circle"
                }
            } else {
                // A return address of zero is how a stack ends where nothing else marks it.
                if caller.pc == 0, !caller.isMade { return nil }
                guard descriptions.isCode(returningTo: caller.pc) else {
                    return "the return address \(Address(caller.pc)) lies in no code"
                }
            }
            position = FramePosition(
                pc: caller.pc, isInterrupted: caller.isInterrupted, stackPointer: stackPointer,
                framePointer: unmarked(caller.framePointer))
            frame = NativeFrame(
                address: CodeAddress(
                    address: Address(caller.pc),
                    kind: caller.isInterrupted ? .programCounter : .returnAddress),
                canonicalFrameAddress: Address(stackPointer),
                framePointer: position.framePointer, asyncContext: caller.asyncContext)
        }
        return "it has more than \(Self.stepLimit) frames"
    }

    /// Where a call leaves nothing on the stack, an interrupted function need not have, either.
    private func isLeaf(_ position: FramePosition, callerAt stackPointer: UInt64) -> Bool {
        architecture == .aarch64 && position.isInterrupted
            && stackPointer == position.stackPointer
    }

    /// A frame that a signal interrupted.
    private struct Interruption: Hashable {
        var pc: UInt64
        var stackPointer: UInt64

        init(_ pc: UInt64, _ stackPointer: UInt64) {
            self.pc = pc
            self.stackPointer = stackPointer
        }
    }

    private func innermost(_ registers: RegisterSet) -> NativeFrame {
        NativeFrame(
            address: CodeAddress(
                address: Address(registers.programCounter), kind: .programCounter),
            canonicalFrameAddress: Address(unmarked(registers.stackPointer)),
            framePointer: unmarked(registers.framePointer), asyncContext: registers.asyncContext)
    }

    /// Without the mark that Swift puts on an async frame.
    private func unmarked(_ value: UInt64) -> UInt64 { value & architecture.addressBits }
}
