/// Something that waits or is waited for: a node of the wait graph.
public enum Subject: Hashable, Sendable, Codable {
    /// A task, by id.
    case task(UInt64)
    /// A thread, by its id in the tool's pid namespace.
    case thread(Int32)
    /// An actor with storage of its own (a default actor).
    case actor(Address)
    /// The main actor.
    case mainActor
    /// A custom executor, serial or task executor, by its object.
    case executor(Address)
    /// The global pool of cooperative threads.
    case globalExecutor
    /// A task group.
    case group(Address)
    /// The continuation that this task is suspended in.
    case continuation(of: UInt64)
    /// A lock, semaphore, condition or `once`, by the address of its first word.
    case lock(Address)
    /// A dispatch queue.
    case queue(Address)
}
