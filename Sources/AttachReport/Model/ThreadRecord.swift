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

    /// What the thread is for; the raw values are part of the JSON format.
    public enum Role: String, Sendable, CaseIterable, Codable {
        /// A worker of the global pool: it runs jobs of tasks.
        case poolWorker
        /// A worker of libdispatch that serves queues and no tasks.
        case queueWorker
        /// It serves the main queue, or gave it to the workers.
        case mainQueue
        /// It serves another event loop.
        case eventLoop
        /// None of these.
        case other
    }

    /// Kernel thread id in the tool's pid namespace.
    public var id: Int32
    /// Thread id in the target's own pid namespace, where it differs.
    public var namespaceID: Int32?
    /// The name that the thread gave itself (`comm`, at most 15 bytes), unescaped.
    public var name: String
    /// What the kernel had it doing.
    public var state: State
    /// What it is for; nil where its stack could not be read, so that this is not known.
    public var role: Role?
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
        id: Int32, namespaceID: Int32? = nil, name: String, state: State, role: Role? = nil,
        systemCall: SystemCall? = nil, wait: ThreadWait? = nil, task: UInt64? = nil,
        frames: [Frame] = []
    ) {
        self.id = id
        self.namespaceID = namespaceID
        self.name = name
        self.state = state
        self.role = role
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
