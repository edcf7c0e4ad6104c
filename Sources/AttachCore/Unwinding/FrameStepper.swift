/// Goes from a frame to its caller, again and again.
protocol FrameStepper {
    /// Begins at these registers. `budget` is how many bytes of unwind information may be carried
    /// out for the stack. False where there is no room for it.
    mutating func start(_ registers: RegisterSet, budget: Int) -> Bool

    /// Goes to the caller of the frame at `position`, which is where the last step led.
    mutating func step(from position: FramePosition) -> FrameStep

    /// Why the stack may be wrong so far, though each return address follows a call.
    var doubt: String? { get }
}

/// A frame about to be stepped from.
struct FramePosition {
    /// Its pc.
    var pc: UInt64
    /// Whether the pc is where the thread was interrupted, rather than a return address.
    var isInterrupted: Bool
    /// The stack pointer, without Swift's mark.
    var stackPointer: UInt64
    /// The frame pointer, without Swift's mark.
    var framePointer: UInt64

    /// A place inside the instruction that is being carried out: for a return address the
    /// byte before it, since a call can be its function's last instruction.
    var place: UInt64 { isInterrupted ? pc : pc &- 1 }
}

/// What came of a step.
enum FrameStep {
    /// A caller was found.
    case caller(CallerFrame)
    /// There is none, says the unwind information; the stack pointer before the last call.
    case end(stackPointer: UInt64)
    /// There was no way on, for this reason if one is known.
    case failed(String?)
}

/// A frame as it was found in its callee.
struct CallerFrame {
    var pc: UInt64
    /// The stack pointer in this frame: its callee's canonical frame address.
    var stackPointer: UInt64
    /// The frame pointer and the async context register; 0 where they could not be restored.
    var framePointer: UInt64
    var asyncContext: UInt64
    /// Whether the callee was a signal trampoline, so that this frame was interrupted anywhere.
    var isInterrupted: Bool
    /// Whether the rule was made up from the callee's code.
    var isMade: Bool
}
