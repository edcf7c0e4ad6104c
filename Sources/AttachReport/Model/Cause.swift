extension Finding {
    /// What a finding is about, beside its subjects: what it takes to say it in a sentence.
    public enum Cause: Hashable, Sendable, Codable {
        /// The subjects wait for each other, in their order.
        case deadlock
        /// The job on an actor or executor, the first subject, sits in a blocking call.
        case actorBlocked(Occupant)
        /// The same of the main actor.
        case mainActorBlocked(Occupant)
        /// All threads of the pool are blocked, the first of them for example; so many jobs wait.
        case poolStarved(workers: [Int32], jobs: Int)
        /// Nobody can resume the tasks.
        case lostContinuation
        /// The tasks have failed, the first with this error; nobody has taken the result from
        /// their parents, or nobody waits for it.
        case unreadError(type: String?, case: String?, isChild: Bool)
        /// The tasks have never run: they are queued on this executor, or (nil) nowhere.
        case neverStarted(on: Executor?)
        /// The tasks were cancelled, and wait for this.
        case cancelledStillWaiting(Awaited)
        /// Threads, the first of them for example, wait for a lock that another one owns.
        case lockHeld(first: Int32, count: Int, owner: Int32)
        /// The same, where the owner has ended.
        case lockOrphaned(first: Int32, count: Int)

        /// The kind of finding that it makes.
        public var kind: Kind {
            switch self {
            case .deadlock: .deadlock
            case .actorBlocked: .actorBlocked
            case .mainActorBlocked: .mainActorBlocked
            case .poolStarved: .poolStarved
            case .lostContinuation: .lostContinuation
            case .unreadError: .unreadError
            case .neverStarted: .neverStarted
            case .cancelledStillWaiting: .cancelledStillWaiting
            case .lockHeld, .lockOrphaned: .lockHeld
            }
        }
    }

    /// Who is on a blocked actor, and what for.
    public struct Occupant: Hashable, Sendable, Codable {
        /// The task; nil where another job is on it.
        public var task: UInt64?
        /// The thread that is on it, the one that this one waits for, and so on; never empty.
        public var threads: [Int32]
        /// Whether the last of them waits for a lock whose owner has ended.
        public var endsWithOrphan: Bool

        /// Memberwise.
        public init(task: UInt64?, threads: [Int32], endsWithOrphan: Bool = false) {
            self.task = task
            self.threads = threads
            self.endsWithOrphan = endsWithOrphan
        }
    }

    /// An executor of the program's own.
    public struct Executor: Hashable, Sendable, Codable {
        /// Its object.
        public var address: Address
        /// Its type, where that is known.
        public var type: String?

        /// Memberwise.
        public init(_ address: Address, type: String?) {
            self.address = address
            self.type = type
        }
    }

    /// What cancelled tasks wait for.
    public enum Awaited: Hashable, Sendable, Codable {
        /// This task, which has not been cancelled.
        case task(UInt64)
        /// Other tasks, which have not been cancelled.
        case tasks
        /// Continuations.
        case continuation
    }

    /// Something that was read and that shows a finding.
    public enum Fact: Hashable, Sendable, Codable {
        /// What a thread does, and how that is known.
        case thread(Int32)
        /// An arrow of the wait graph.
        case edge(Edge)
        /// There are so many more of these.
        case more(Int, Counted)
        /// A wait in a circle has a time-out.
        case timeout
        /// So many tasks queue on this actor or executor.
        case queue(of: Subject, count: Int)
        /// All of so many workers are blocked.
        case blockedWorkers(Int)
        /// So many bytes and all registers were searched for a reference.
        case searched(bytes: UInt64)
        /// What kind of continuation it is, and for a checked one the function that made it.
        case continuation(isChecked: Bool, creator: String?)
        /// A parent has not taken the result.
        case resultNotTaken
        /// There are so many references to the tasks.
        case references(Int)
        /// Whether an error was read leaves no trace.
        case readingLeavesNoTrace
        /// No thread of the process was running.
        case quiet
        /// No cancellation handler is set.
        case noCancellationHandler
        /// Nothing of it had moved while it was watched for so many nanoseconds.
        case unchanged(nanoseconds: Int64)
        /// This could not be read whole, which makes it unsure.
        case unread(Gap.Subject)
        /// This thread could not be stopped, for this reason, which makes it unsure.
        case notStopped(thread: Int32, because: String?)
    }

    /// What facts that are not listed one by one are.
    public enum Counted: Hashable, Sendable, CaseIterable, Codable {
        /// Steps of a circle.
        case steps
        /// Workers of the pool.
        case workers
        /// Threads that wait for a lock.
        case waiters
    }
}
