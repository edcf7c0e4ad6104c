import AttachReport
import CUnwind

/// Walks native stacks over captured memory.
struct Unwinder {
    private let architecture: Architecture
    private let walker: FrameWalker?

    /// Steps after which a walk is given up.
    private static let stepLimit = 100_000
    /// Bytes of unwind information that are carried out for one stack.
    private static let budget = 64 << 20

    /// `memory` must hold stacks, and the images' code and unwind tables.
    init(memory: TargetMemory, images: ImageTable, architecture: Architecture) {
        self.architecture = architecture
        walker =
            architecture == .x86_64
            ? FrameWalker(UnwindTarget(memory: memory, images: images)) : nil
    }

    /// The stack of a thread with these registers. At most `limit` frames are kept.
    mutating func unwind(_ registers: RegisterSet, limit: Int = 512) -> NativeStack {
        var frames = FrameRetention(limit: limit)
        let reason = walk(registers, into: &frames)
        var stack = frames.stack
        stack.stoppedBecause = reason
        stack.uncertainBecause = walker?.target.doubt
        return stack
    }

    /// Why it ended before the end of the stack.
    private func walk(_ registers: RegisterSet, into frames: inout FrameRetention) -> String? {
        var frame = Self.innermost(registers)
        guard let order = registers.architecture.unwindRegisterIndices,
            registers.architecture == architecture
        else {
            frames.append(frame)
            return "stacks of \(registers.architecture.rawValue) are not unwound"
        }
        guard let walker, walker.start(order.map { registers.words[$0] }) else {
            frames.append(frame)
            return "there was not enough memory to unwind it"
        }
        let target = walker.target
        target.budget = Self.budget
        target.doubt = nil
        var position = UnwindTarget.Position(
            pc: registers.programCounter, isInterrupted: true,
            stackPointer: Self.unmarked(registers.stackPointer),
            framePointer: Self.unmarked(registers.framePointer))
        // Elsewhere the frame address grows, so that a circle must pass an interrupted frame.
        var interrupted: Set<Interruption> = []

        for step in 0..<Self.stepLimit {
            frame.canonicalFrameAddress = Address(position.stackPointer)
            let (result, caller) = walker.step(from: position)
            let stackPointer = Self.unmarked(caller.stack_pointer)
            let isInterrupted = caller.was_interrupted != 0
            let isProgress = isInterrupted || stackPointer > position.stackPointer
            if result != cu_step_failed, isProgress {
                frame.canonicalFrameAddress = Address(stackPointer)
            }
            // The kernel, not a call, put the trampoline's address where it was found.
            if result == cu_step_caller, isInterrupted { frame.address.kind = .programCounter }
            frames.append(frame)

            switch result {
            case cu_step_end: return nil
            case cu_step_caller: break
            default:
                // The C library describes no frame where a new thread begins, and there is none.
                if step == 0, registers.isNewThread { return nil }
                return target.failure ?? "the frame at \(target.describe(position.place)) "
                    + "makes no sense"
            }
            guard isProgress else { return "the stack pointer does not move" }
            if isInterrupted {
                guard interrupted.insert(Interruption(caller.pc, stackPointer)).inserted else {
                    return "the stack runs in a circle"
                }
            } else {
                // A return address of zero is how a stack ends where nothing else marks it.
                if caller.pc == 0, !target.isMade { return nil }
                guard target.isCode(returningTo: caller.pc) else {
                    return "the return address \(Address(caller.pc)) lies in no code"
                }
            }
            position = UnwindTarget.Position(
                pc: caller.pc, isInterrupted: isInterrupted, stackPointer: stackPointer,
                framePointer: Self.unmarked(caller.frame_pointer))
            frame = NativeFrame(
                address: CodeAddress(
                    address: Address(caller.pc),
                    kind: isInterrupted ? .programCounter : .returnAddress),
                canonicalFrameAddress: Address(stackPointer),
                framePointer: position.framePointer, asyncContext: caller.async_context)
        }
        return "it has more than \(Self.stepLimit) frames"
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

    private static func innermost(_ registers: RegisterSet) -> NativeFrame {
        NativeFrame(
            address: CodeAddress(
                address: Address(registers.programCounter), kind: .programCounter),
            canonicalFrameAddress: Address(unmarked(registers.stackPointer)),
            framePointer: unmarked(registers.framePointer), asyncContext: registers.asyncContext)
    }

    /// Without the mark that Swift puts on an async frame.
    private static func unmarked(_ value: UInt64) -> UInt64 { value & ~Architecture.asyncFrameBit }
}
