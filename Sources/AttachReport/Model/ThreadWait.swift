/// What a thread that sits in a system call waits for, as far as its registers, its stack and the
/// words it points to say.
public struct ThreadWait: Hashable, Sendable, Codable {
    /// What kind of thing it waits for; the raw values are part of the JSON format.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A `pthread_mutex_t` that is not known to be anything else's.
        case mutex
        /// An `NSLock`.
        case lock
        /// An `NSRecursiveLock`.
        case recursiveLock
        /// A `Synchronization.Mutex`.
        case swiftMutex
        /// A read-write lock, to read.
        case readLock
        /// A read-write lock, to write.
        case writeLock
        /// A lock of libdispatch's or the Swift runtime's own.
        case runtimeLock
        /// The first use of a global or `static let`, or a `dispatch_once`, under way elsewhere.
        case once
        /// A POSIX semaphore.
        case semaphore
        /// A condition variable.
        case condition
        /// The end of another thread.
        case join
        /// Its turn on a dispatch queue (`sync`).
        case dispatchSync
        /// A `DispatchSemaphore`.
        case dispatchSemaphore
        /// A `DispatchGroup`.
        case dispatchGroup
        /// A time to come.
        case sleep
        /// Input, output or an event on descriptors.
        case descriptor
        /// The end of a child process.
        case childProcess
        /// A signal.
        case signal
        /// Work: a worker of a pool, or an event loop, that has nothing to do.
        case work
        /// A futex of which nothing more is known.
        case futex
        /// Another system call.
        case other
    }

    /// What kind of thing it waits for.
    public var kind: Kind
    /// The lock, semaphore or queue it waits for.
    public var object: Address?
    /// The label of a dispatch queue, unescaped.
    public var label: String?
    /// The thread that owns what it waits for, by its id in the tool's pid namespace; for `join`
    /// the thread that must end.
    public var owner: Int32?
    /// An owner that the lock names and that is no thread of this process any more.
    public var deadOwner: Int32?
    /// Nanoseconds after which it stops waiting by itself, counted from the stop; nil for never.
    /// Not known where `hasUnknownTimeout` says so.
    public var timeLeft: Int64?
    /// Whether there is a time-out of which it is not known what is left.
    public var hasUnknownTimeout: Bool
    /// Nanoseconds that it waits at most in all, where what is left of them is not known: since
    /// when it waits is not told. Nil where that could not be read either.
    public var timeLimit: Int64?
    /// The descriptors it waits on; not all where an epoll holds very many.
    public var descriptors: [DescriptorRecord]
    /// How this was found out, for people who doubt it, e.g. `__owner of the pthread_mutex_t`.
    public var evidence: String?

    /// Whether nothing is expected of the thread now: it is no sign of trouble.
    public var isIdle: Bool { kind == .work }

    /// Nanoseconds after which it has stopped waiting by itself at the latest; nil where that is
    /// not known, or never.
    var mostTimeLeft: Int64? { timeLeft ?? timeLimit }

    /// Up to how many nanoseconds a wait that ends by itself can be a part of how the program
    /// works. A sleep is nothing but that; any other wait means that something has not come.
    var soon: Int64 {
        kind == .sleep || kind == .signal ? 60_000_000_000 : 10_000_000_000
    }

    /// Memberwise.
    public init(
        kind: Kind, object: Address? = nil, label: String? = nil, owner: Int32? = nil,
        deadOwner: Int32? = nil, timeLeft: Int64? = nil, hasUnknownTimeout: Bool = false,
        timeLimit: Int64? = nil, descriptors: [DescriptorRecord] = [], evidence: String? = nil
    ) {
        self.kind = kind
        self.object = object
        self.label = label
        self.owner = owner
        self.deadOwner = deadOwner
        self.timeLeft = timeLeft
        self.hasUnknownTimeout = hasUnknownTimeout
        self.timeLimit = timeLimit
        self.descriptors = descriptors
        self.evidence = evidence
    }
}

/// An open file, socket or other descriptor of the target.
public struct DescriptorRecord: Hashable, Sendable, Codable {
    /// What it stands for.
    public enum Kind: String, Hashable, Sendable, Codable {
        case file, directory, pipe, socket, terminal, device, epoll, eventfd, timerfd, signalfd,
            inotify, pidfd, other, closed
    }

    /// Its number.
    public var number: Int32
    /// What it stands for.
    public var kind: Kind
    /// What it leads to: a path, or for a socket its protocol and ends, e.g.
    /// `tcp 127.0.0.1:80 <- 127.0.0.1:51234`; unescaped. Nil where it could not be told.
    public var name: String?

    /// Memberwise.
    public init(number: Int32, kind: Kind, name: String? = nil) {
        self.number = number
        self.kind = kind
        self.name = name
    }
}
