/// A Swift task as it lay in memory when everything was stopped.
public struct TaskRecord: Sendable, Codable {
    /// Where the task is in its life.
    public enum State: String, Sendable, Codable {
        /// Some thread is running its code.
        case running
        /// Ready, in the queue of an executor.
        case enqueued
        /// Waiting for something.
        case suspended
        /// Made, and never given to an executor.
        case created
        /// Finished; somebody still holds its handle.
        case completed
    }

    /// What kind of task it is, and how it was made.
    public enum Flag: String, Sendable, Codable, CaseIterable {
        /// A child in the sense of structured concurrency.
        case child
        /// Made by `async let`.
        case asyncLet
        /// Made by `TaskGroup.addTask`.
        case groupChild
        /// Made by `Task.immediate`.
        case immediate
        /// It has a task executor preference.
        case hasExecutorPreference
        /// Its priority was raised by somebody who waits for it.
        case escalated
    }

    /// What the value of a completed task is.
    public enum Result: Hashable, Sendable, Codable {
        /// It returned.
        case success
        /// It threw; the type of the error, and for an enum the case, where they could be read.
        case error(type: String?, case: String? = nil)
    }

    /// The runtime's task id, unique in the process.
    public var id: UInt64
    /// The name given at creation; nil where none, or where it is gone (completed tasks).
    public var name: String?
    /// Where the task object lies.
    public var address: Address
    /// Where it is in its life.
    public var state: State
    /// The priority it runs at now (escalation included).
    public var priority: Priority
    /// The priority it was made with.
    public var basePriority: Priority
    /// What kind of task it is.
    public var flags: [Flag]
    /// Whether it was cancelled.
    public var isCancelled: Bool
    /// The id of its parent task; nil for an unstructured task.
    public var parent: UInt64?
    /// The ids of its child tasks, oldest first.
    public var children: [UInt64]
    /// The group it is a child in; nil when it is in none.
    public var group: Address?
    /// The thread that runs it; nil unless running, or where it could not be found.
    public var thread: Int32?
    /// What it waits for.
    public var wait: Wait
    /// The continuation it is suspended in; nil unless `wait` is one, or a stream.
    public var continuation: ContinuationRecord?
    /// Nanoseconds from the stop until its sleep ends (negative when overdue); nil unless it
    /// sleeps, or where that could not be read.
    public var wakesIn: Int64?
    /// Whether there is somebody to be told when it is cancelled (`withTaskCancellationHandler`);
    /// if it is cancelled, that has been done.
    public var hasCancellationHandler: Bool
    /// Its whole stack, innermost first; for a running task native frames down to the async one,
    /// then async callers.
    public var frames: [Frame]
    /// Whether it would begin with the first instruction of a function, and not go on behind an
    /// `await`: nothing of it has run.
    public var isAtItsStart: Bool
    /// How a completed task ended; nil while it has not.
    public var result: Result?
    /// How many references beyond the runtime's own there are: handles and waiters.
    public var handles: Int?
    /// Type of the value it returns; nil where it could not be read.
    public var resultType: String?

    /// Memberwise.
    public init(
        id: UInt64, name: String? = nil, address: Address, state: State,
        priority: Priority, basePriority: Priority, flags: [Flag] = [], isCancelled: Bool = false,
        parent: UInt64? = nil, children: [UInt64] = [], group: Address? = nil,
        thread: Int32? = nil, wait: Wait = .none, continuation: ContinuationRecord? = nil,
        wakesIn: Int64? = nil, hasCancellationHandler: Bool = false, frames: [Frame] = [],
        isAtItsStart: Bool = false, result: Result? = nil, handles: Int? = nil,
        resultType: String? = nil
    ) {
        self.id = id
        self.name = name
        self.address = address
        self.state = state
        self.priority = priority
        self.basePriority = basePriority
        self.flags = flags
        self.isCancelled = isCancelled
        self.parent = parent
        self.children = children
        self.group = group
        self.thread = thread
        self.wait = wait
        self.continuation = continuation
        self.wakesIn = wakesIn
        self.hasCancellationHandler = hasCancellationHandler
        self.frames = frames
        self.isAtItsStart = isAtItsStart
        self.result = result
        self.handles = handles
        self.resultType = resultType
    }
}

/// A task priority as Swift names it (`TaskPriority.rawValue`).
public struct Priority: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The raw value, e.g. 0x15 for medium.
    public let rawValue: UInt8

    /// Wraps a raw value.
    public init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// Swift's name for it, or the number in hexadecimal where Swift has none.
    public var description: String {
        switch rawValue {
        case 0x21: "userInteractive"
        case 0x19: "high"
        case 0x15: "medium"
        case 0x11: "utility"
        case 0x09: "background"
        case 0: "unspecified"
        default: "0x" + String(rawValue, radix: 16)
        }
    }
}
