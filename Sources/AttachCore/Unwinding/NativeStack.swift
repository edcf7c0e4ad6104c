import AttachReport

/// A frame of native code, without names.
struct NativeFrame: Hashable, Sendable {
    /// Where it stands.
    var address: CodeAddress
    /// Canonical frame address: the stack pointer before the call that made the frame. For a last
    /// frame whose caller could not be found, the stack pointer in it.
    var canonicalFrameAddress: Address
    /// The frame pointer inside this frame (bit 60 cleared); 0 where it was not to be had.
    var framePointer: UInt64
    /// The async context register (r14, x22) as unwinding restored it for this frame; 0 where it
    /// was not to be had.
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
    /// Why part of it may be wrong, though each return address follows a call: somewhere neither
    /// unwind information nor the function's code said where the caller is. nil for a stack of
    /// which all is known.
    var uncertainBecause: String?
}

/// Keeps the first and the last of many frames.
struct FrameRetention {
    private var head: [NativeFrame] = []
    /// The last frames, oldest at `oldest`.
    private var tail: [NativeFrame] = []
    private var oldest = 0
    private let headLimit: Int
    private let tailLimit: Int
    /// How many frames there were.
    private(set) var count = 0

    /// Keeps `limit` frames (at least one), half of them from either end.
    init(limit: Int) {
        let limit = max(limit, 1)
        headLimit = limit - limit / 2
        tailLimit = limit / 2
    }

    /// The next frame outward.
    mutating func append(_ frame: NativeFrame) {
        count += 1
        if head.count < headLimit {
            head.append(frame)
        } else if tail.count < tailLimit {
            tail.append(frame)
        } else if tailLimit > 0 {
            tail[oldest] = frame
            oldest = (oldest + 1) % tailLimit
        }
    }

    /// What was kept, in order, with how many are missing in the middle.
    var stack: NativeStack {
        var stack = NativeStack(frames: head + tail[oldest...] + tail[..<oldest])
        let missing = count - stack.frames.count
        if missing > 0 { stack.omitted = (missing, head.count) }
        return stack
    }
}
