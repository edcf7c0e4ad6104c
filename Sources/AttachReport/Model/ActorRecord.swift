/// An actor or executor: who is on it, and who queues for it.
public struct ActorRecord: Sendable, Codable {
    /// What it is.
    public enum Kind: String, Sendable, Codable {
        /// An actor with the runtime's own storage.
        case `default`
        /// The main actor.
        case main
        /// An actor, or another object, that is a serial executor of its own making.
        case customExecutor
        /// An object that tasks prefer to run on (`TaskExecutor`).
        case taskExecutor
        /// The global pool.
        case globalExecutor
    }

    /// What it is doing.
    public enum State: String, Sendable, Codable {
        /// Nothing, and nobody queues.
        case idle
        /// A job of it is queued on the pool.
        case scheduled
        /// A thread is running one of its jobs.
        case running
        /// Being destroyed.
        case ending
        /// Not known: its state is its own business.
        case unknown
    }

    /// Something that queues on it.
    public enum Job: Hashable, Sendable, Codable {
        /// A task.
        case task(UInt64)
        /// Another job of the runtime or of the program.
        case other(Address)
    }

    /// What it is called in the wait graph; says where it lies, too.
    public var subject: Subject
    /// What it is.
    public var kind: Kind
    /// Its type, e.g. `Bank`; nil where it could not be read.
    public var type: String?
    /// What it is doing.
    public var state: State
    /// Whether it is the local proxy of an actor in another process (distributed).
    public var isRemote: Bool
    /// The task whose job runs on it now; nil for none, or where it could not be told.
    public var task: UInt64?
    /// The thread that runs its job now; for the main actor where it is known, the thread that
    /// serves its queue even while nothing runs.
    public var thread: Int32?
    /// Who queues on it, in the order in which they will run as things stand.
    public var queue: [Job]
    /// Whether `queue` is known to be everybody, in that order. A custom executor keeps its queue
    /// to itself: then these are the tasks that say they wait for it, by id.
    public var isQueueComplete: Bool
    /// Tasks that were in the middle of one of its methods when they were suspended, by id: it is
    /// reentrant, and others may run meanwhile. Found by reading, so perhaps not all.
    public var suspendedInside: [UInt64]

    /// Memberwise.
    public init(
        subject: Subject, kind: Kind, type: String? = nil, state: State, isRemote: Bool = false,
        task: UInt64? = nil, thread: Int32? = nil, queue: [Job] = [],
        isQueueComplete: Bool = true, suspendedInside: [UInt64] = []
    ) {
        self.subject = subject
        self.kind = kind
        self.type = type
        self.state = state
        self.isRemote = isRemote
        self.task = task
        self.thread = thread
        self.queue = queue
        self.isQueueComplete = isQueueComplete
        self.suspendedInside = suspendedInside
    }
}
