/// What a task waits for, as its dependency record says (never guessed from names alone).
public enum Wait: Hashable, Sendable, Codable {
    /// Nothing: it runs, has finished, or was never started.
    case none
    /// The end of another task.
    case task(UInt64)
    /// A continuation that somebody must resume.
    case continuation
    /// A timer, as `Task.sleep` sets one.
    case sleep
    /// The next element of an `AsyncStream` or `AsyncThrowingStream`.
    case stream
    /// Nothing: it gave way (`Task.yield`) and will go on by itself.
    case yield
    /// A child of this group to end.
    case group(Address)
    /// Its turn on an actor.
    case actor(Address, type: String?)
    /// Its turn on the main actor.
    case mainActor
    /// Its turn on a custom executor, serial or task executor.
    case executor(Address, type: String?)
    /// A thread of the global pool.
    case globalExecutor
    /// Something the runtime's record does not name.
    case unknown

    /// The kind alone, without who or what; the raw values are part of the JSON format.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// As the case of `Wait` of the same name.
        case none, task, continuation, sleep, stream, yield, group, actor, mainActor, executor,
            globalExecutor, unknown
    }

    /// The kind alone.
    public var kind: Kind {
        switch self {
        case .none: .none
        case .task: .task
        case .continuation: .continuation
        case .sleep: .sleep
        case .stream: .stream
        case .yield: .yield
        case .group: .group
        case .actor: .actor
        case .mainActor: .mainActor
        case .executor: .executor
        case .globalExecutor: .globalExecutor
        case .unknown: .unknown
        }
    }
}

/// A task group.
public struct GroupRecord: Sendable, Codable {
    /// Where the group object lies.
    public var address: Address
    /// The task whose group it is.
    public var owner: UInt64
    /// Whether it drops the results of its children (`withDiscardingTaskGroup`).
    public var isDiscarding: Bool?
    /// Whether it was cancelled.
    public var isCancelled: Bool
    /// Children that have not ended, or whose result nobody has taken.
    public var pending: Int
    /// The ids of the children, oldest first.
    public var children: [UInt64]

    /// Memberwise.
    public init(
        address: Address, owner: UInt64, isDiscarding: Bool?, isCancelled: Bool, pending: Int,
        children: [UInt64]
    ) {
        self.address = address
        self.owner = owner
        self.isDiscarding = isDiscarding
        self.isCancelled = isCancelled
        self.pending = pending
        self.children = children
    }
}
