import AttachReport

/// A frame of native code, without names.
struct NativeFrame: Hashable, Sendable {
    /// Where it stands.
    var address: CodeAddress
    /// Canonical frame address: the stack pointer before the call that made the frame.
    var canonicalFrameAddress: Address
    /// The frame pointer inside this frame (bit 60 cleared).
    var framePointer: UInt64
    /// The async context register (r14, x22) as unwinding restored it for this frame.
    var asyncContext: UInt64
}

/// The native stack of a thread.
struct NativeStack: Sendable {
    /// Innermost first; of a deep stack the head and the tail.
    var frames: [NativeFrame] = []
    /// How many frames are left out, and before which index of `frames`.
    var omitted: (count: Int, at: Int)?
    /// Why the walk ended before the end of the stack; nil for a complete stack.
    var stoppedBecause: String?
}

/// Walks native stacks over captured memory.
struct Unwinder {
    /// `memory` must hold stacks, and the images' code and unwind tables.
    init(memory: TargetMemory, images: ImageTable, architecture: Architecture) {}

    /// The stack of a thread with these registers. At most `limit` frames are kept.
    mutating func unwind(_ registers: RegisterSet, limit: Int = 512) -> NativeStack { NativeStack() }
}
