import AttachReport

/// A task as it lies in memory: addresses, no names of code.
struct RawTask: Sendable {
    /// What can be said without code names. `frames` is empty, `thread` is filled in.
    var record: TaskRecord
    /// The resume addresses of its async stack, innermost first; for a running task, those
    /// outward of its async frame on the thread.
    var resumePoints: [CodeAddress]
    /// Why the chain of contexts ended early; nil when it reached the root.
    var stoppedBecause: String?
    /// For a running task: how many of its thread's native frames come before `resumePoints`.
    var nativeFrameCount: Int?
}

/// What concurrency looks like in a capture.
struct RuntimeState: Sendable {
    /// What is known of the runtime itself.
    var runtime: RuntimeRecord
    /// Every task, by id.
    var tasks: [RawTask] = []
    /// Every group, by address.
    var groups: [GroupRecord] = []
    /// Timer helpers counted and left out.
    var helpersFolded = 0
    /// Places that looked like a task and were none.
    var rejected = 0
    /// Bytes searched.
    var bytesSearched: UInt64 = 0
    /// What could not be read.
    var gaps: [Gap] = []
}

/// Reads the Swift concurrency runtime of a capture.
struct RuntimeReader {
    /// `memory` holds what was captured, over the bytes of the mapped files.
    init(
        memory: TargetMemory, images: ImageTable, threads: [CapturedThread],
        stacks: [Int32: NativeStack], architecture: Architecture
    ) {}

    /// Everything that can be recovered.
    mutating func read() -> RuntimeState {
        RuntimeState(runtime: RuntimeRecord(isPresent: false, hasSwift: false))
    }
}
