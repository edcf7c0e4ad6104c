/// One arrow of the wait graph: `from` cannot go on before `to` does something.
public struct Edge: Hashable, Sendable, Codable {
    /// In which way it waits; the raw values are part of the JSON format.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A task awaits the end of a task.
        case awaits
        /// A task waits for a group, a group for its unfinished children.
        case hasChild
        /// A task is suspended in a continuation.
        case suspendedIn
        /// A task waits for its turn on an actor or executor.
        case queuedOn
        /// An actor, executor or queue is busy with this task or thread.
        case heldBy
        /// A task's code is run by this thread.
        case runsOn
        /// A thread waits for a lock, semaphore or queue.
        case waitsFor
        /// A lock or queue is owned by this thread.
        case ownedBy
        /// A thread waits for the end of a thread.
        case joins
        /// A thread whose stack or registers, or a task whose frame, refers to the continuation: it may resume
        /// it.
        case resumableBy
    }

    /// How an arrow is known.
    public enum Evidence: Hashable, Sendable, Codable {
        /// The thread has the task as its current one.
        case currentTask
        /// The task's dependency record names the other task.
        case dependencyOnTask
        /// The task's dependency record names it.
        case dependency
        /// The thread's registers or stack refer to it.
        case referenceOfThread
        /// The task's frame refers to it.
        case referenceOfFrame
        /// It is in that queue.
        case queue
        /// It is in the group's list of children.
        case groupChild
        /// The actor's state says that a job of it is queued.
        case scheduled
        /// Only this thread serves the main queue.
        case onlyServer
        /// The task runs on it.
        case taskRunsOn
        /// The thread says that it runs on it.
        case threadRunsOn
        /// It is one of the pool's threads, all of which are blocked.
        case blockedWorker
        /// What a thread waits for was found like this; nil for its system call alone.
        case threadWait(String?)
    }

    /// Who waits.
    public var from: Subject
    /// For whom.
    public var to: Subject
    /// In which way.
    public var kind: Kind
    /// How that is known.
    public var evidence: Evidence

    /// Memberwise.
    public init(from: Subject, to: Subject, kind: Kind, evidence: Evidence) {
        self.from = from
        self.to = to
        self.kind = kind
        self.evidence = evidence
    }
}
