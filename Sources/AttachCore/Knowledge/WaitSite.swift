import AttachReport

/// What a function says of the thread that waits in it.
struct WaitSite: Hashable, Sendable {
    /// Which words are to be read.
    enum Reader: Hashable, Sendable {
        /// `pthread_mutex_t`.
        case mutex
        /// `pthread_rwlock_t`.
        case readWriteLock
        /// `pthread_cond_t`.
        case condition
        /// The id of the thread that is to end.
        case join
        /// One word with the owner's thread id; of some locks only where the kernel keeps it there.
        case owner(keptByKernel: Bool)
        /// None: the word does not say who has it.
        case nothing
        /// A queue of libdispatch, its `DispatchSemaphore`, its `DispatchGroup`.
        case dispatchQueue, dispatchSemaphore, dispatchGroup
        /// None: the thread has nothing to do.
        case idle
        /// None: it waits for a child process.
        case childProcess
    }

    /// How it is told from others.
    let name: String
    /// Which words are read.
    let reader: Reader
    /// What is waited for.
    let kind: ThreadWait.Kind
    /// Where the owner was read, or why there is none; nil where the reader says.
    let evidence: String?
    /// Sites that it is made of: it is further out than they, and knows better.
    let parts: Set<String>
    /// Sites that it is not, though it called them: the inner one is what is waited for.
    let callers: Set<String>

    init(
        _ name: String, _ reader: Reader, _ kind: ThreadWait.Kind, _ evidence: String? = nil,
        madeOf parts: Set<String> = [], yieldsTo callers: Set<String> = []
    ) {
        self.name = name
        self.reader = reader
        self.kind = kind
        self.evidence = evidence
        self.parts = parts
        self.callers = callers
    }

    // MARK: The C library

    static let mutex = WaitSite("mutex", .mutex, .mutex)
    /// The same, called by the Swift runtime.
    static let runtimeMutex = WaitSite("mutex of the runtime", .mutex, .runtimeLock)
    static let readLock = WaitSite("read lock", .readWriteLock, .readLock)
    static let writeLock = WaitSite("write lock", .readWriteLock, .writeLock)
    /// Leaving it, a thread takes the mutex again.
    static let condition = WaitSite("condition", .condition, .condition, yieldsTo: ["mutex"])
    static let join = WaitSite("join", .join, .join)
    static let semaphore = WaitSite(
        "semaphore", .nothing, .semaphore, "a sem_t; nobody owns one")
    static let posixOnce = WaitSite(
        "pthread_once", .nothing, .once, "a pthread_once_t, which does not say who runs it")
    /// A lock inside the C library.
    static let libraryLock = WaitSite(
        "library lock", .nothing, .runtimeLock,
        "a lock of the C library, which does not say who has it")

    // MARK: Swift

    static let swiftOnce = WaitSite(
        "swift_once", .owner(keptByKernel: true), .once, "the owner in the word of the once")
    /// `Synchronization.Mutex`.
    static let swiftMutex = WaitSite(
        "Mutex", .owner(keptByKernel: true), .swiftMutex, "the owner in the word of the Mutex")
    /// Another lock of the Swift runtime.
    static let swiftRuntimeLock = WaitSite(
        "runtime lock", .owner(keptByKernel: true), .runtimeLock,
        "the owner in a lock of the Swift runtime")

    // MARK: libdispatch

    static let dispatchOnce = WaitSite(
        "dispatch_once", .owner(keptByKernel: false), .once, "the owner in the dispatch_once_t")
    static let dispatchLock = WaitSite(
        "lock of libdispatch", .owner(keptByKernel: false), .runtimeLock,
        "the owner in a lock of libdispatch")
    static let dispatchSync = WaitSite("sync", .dispatchQueue, .dispatchSync)
    static let dispatchSemaphore = WaitSite(
        "DispatchSemaphore", .dispatchSemaphore, .dispatchSemaphore, madeOf: ["semaphore"])
    static let dispatchGroup = WaitSite("DispatchGroup", .dispatchGroup, .dispatchGroup)
    /// Something that is over in a moment.
    static let dispatchTransition = WaitSite(
        "moment of libdispatch", .nothing, .runtimeLock, "a moment inside libdispatch")
    /// A worker waits in a semaphore of libdispatch, and that in one of POSIX.
    static let idleDispatch = WaitSite(
        "idle", .idle, .work, "a thread of libdispatch in its own wait",
        madeOf: ["semaphore", "DispatchSemaphore"])

    // MARK: Event loops

    static let eventLoop = WaitSite("event loop", .idle, .work, "an event loop in its own wait")
    /// A loop that runs until a child process ends.
    static let childProcess = WaitSite(
        "child process", .childProcess, .childProcess, "an event loop in Process.waitUntilExit",
        madeOf: ["event loop"])
}
