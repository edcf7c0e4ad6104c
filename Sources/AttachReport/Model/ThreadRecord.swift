/// A thread of the target as it stood when everything was stopped.
public struct ThreadRecord: Sendable, Codable {
    /// What the kernel had the thread doing (proc_pid_stat(5), field 3).
    public enum State: String, Sendable, Codable {
        /// On a CPU or ready for one.
        case running
        /// In an interruptible wait.
        case sleeping
        /// In an uninterruptible wait; such a thread cannot be stopped and has no registers.
        case uninterruptible
        /// Stopped by job control before we came.
        case stopped
        /// Ended, and not yet reaped by its parent.
        case zombie
        /// Not known.
        case unknown
    }

    /// Kernel thread id in the tool's pid namespace.
    public var id: Int32
    /// Thread id in the target's own pid namespace, where it differs.
    public var namespaceID: Int32?
    /// The name that the thread gave itself (`comm`, at most 15 bytes), unescaped.
    public var name: String
    /// What the kernel had it doing.
    public var state: State
    /// The system call it sat in; nil when it was running user code.
    public var systemCall: SystemCall?
    /// What it waits for; nil when it was running.
    public var wait: ThreadWait?
    /// The id of the task whose code it was running; nil when none.
    public var task: UInt64?
    /// Native frames, innermost first.
    public var frames: [Frame]

    /// Memberwise.
    public init(
        id: Int32, namespaceID: Int32? = nil, name: String, state: State,
        systemCall: SystemCall? = nil, wait: ThreadWait? = nil, task: UInt64? = nil,
        frames: [Frame] = []
    ) {
        self.id = id
        self.namespaceID = namespaceID
        self.name = name
        self.state = state
        self.systemCall = systemCall
        self.wait = wait
        self.task = task
        self.frames = frames
    }
}

/// A system call in which a thread sat.
public struct SystemCall: Hashable, Sendable, Codable {
    /// Number in the architecture's table.
    public var number: Int
    /// Name; nil for a number that our table does not know.
    public var name: String?
    /// The six argument registers, undecoded.
    public var arguments: [UInt64]

    /// Memberwise.
    public init(number: Int, name: String?, arguments: [UInt64]) {
        self.number = number
        self.name = name
        self.arguments = arguments
    }
}
