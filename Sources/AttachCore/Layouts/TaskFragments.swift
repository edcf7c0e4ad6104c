/// What follows an `AsyncTask`, where its flags say so, in this order (include/swift/ABI/Task.h).
/// Sizes that differ between versions are in `RuntimeLayout`.
enum TaskFragments {
    /// `NameFragment`: the characters, and how many there are.
    static let name: UInt64 = 0
    /// `ChildFragment::Parent` and `NextChild`.
    static let parent: UInt64 = 0
    static let nextChild: UInt64 = 8
    /// `GroupChildFragment::Group`, and its size.
    static let group: UInt64 = 0
    static let groupSize: UInt64 = 8
    /// `FutureFragment::waitQueue`: the state of the result, and the newest waiter.
    static let waitQueue: UInt64 = 0
    /// `FutureFragment::resultType`, metadata.
    static let resultType: UInt64 = 8
    /// `FutureFragment::error`.
    static let error: UInt64 = 16
    /// The fixed part of `FutureFragment`; the result follows, aligned.
    static let futureSize: UInt64 = 24

    /// `FutureFragment::Status`, in the low bits of the wait queue.
    static let resultMask: UInt64 = 3
    static let resultIsThere: UInt64 = 1
    static let resultIsError: UInt64 = 2
}

/// What lies below the outermost context of a task (`FutureAsyncContextPrefix` and
/// `AsyncContextPrefix`, include/swift/ABI/Task.h), counted down from the context.
enum TaskPrefix {
    /// `asyncEntryPoint`: the function that the runtime calls first.
    static let entryPoint: UInt64 = 24
    /// `closureContext`.
    static let closure: UInt64 = 16
    /// All of it for a task with a result, `indirectResult` first; and without.
    static let futureSize: UInt64 = 32
    static let size: UInt64 = 24
}

/// `AsyncContext` (include/swift/ABI/Task.h).
enum AsyncContextLayout {
    /// `Parent`: the context of the caller; 0 in the outermost.
    static let parent: UInt64 = 0
    /// `ResumeParent`: where the caller's function goes on.
    static let resumeParent: UInt64 = 8
    /// Where a function's own frame begins.
    static let size: UInt64 = 16
    /// `MaximumAlignment` of what the task allocator hands out, less one.
    static let alignmentMask: UInt64 = 15
    /// `sizeof(ContinuationAsyncContext)`, the context of a call that waits in a continuation.
    static let continuationSize: UInt64 = 64
    /// Below the saved frame pointer: the context of the function (docs/ABI/CallingConvention.rst,
    /// the extended frame).
    static let slotBelowFramePointer: UInt64 = 8
}

/// The stack that a task's contexts are allocated on (`StackAllocator`,
/// stdlib/public/runtime/StackAllocator.h).
enum TaskAllocatorLayout {
    /// Of an allocation's header: the header of the one before it, and the slab.
    static let previous: UInt64 = 0
    static let slab: UInt64 = 8
    /// Bytes of that header.
    static let headerSize: UInt64 = 16

    /// Of a slab: its type, which has no kind; the next slab; bytes that it can hold, and holds,
    /// 32 bits each.
    static let slabMetadata: UInt64 = 0
    static let nextSlab: UInt64 = 8
    static let slabCapacity: UInt64 = 16
    static let slabUsed: UInt64 = 20
    /// Bytes of a slab's header.
    static let slabHeaderSize: UInt64 = 32
}

/// A pointer to an async function (`AsyncFunctionPointer`, include/swift/ABI/Executor.h): the way
/// from itself to the code, 32 bits, and the size of its context.
enum AsyncFunctionPointerLayout {
    static let function: UInt64 = 0
}

/// The thread-local variables of the runtime (`ActiveTask` and `ExecutorTrackingInfo`,
/// stdlib/public/Concurrency/Actor.cpp), which the compiler puts side by side.
enum ThreadVariablesLayout {
    /// From the task that the thread runs to its innermost tracking record.
    static let tracking: UInt64 = 8
    /// Words of a block that the runtime has for itself before the pair.
    static let wordsBefore: UInt64 = 1
}
