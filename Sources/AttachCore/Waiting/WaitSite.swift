import AttachReport

/// What a thread called that made it wait, told by the names of its innermost frames.
///
/// The words of a lock alone prove nothing: any four bytes can look like a mutex. So the functions
/// say what it is, and only then is memory read. A frame without a name is passed over within the
/// C library (whose own functions may be without), and ends the search anywhere else.
enum WaitSite: Hashable {
    /// `pthread_mutex_lock` and its like.
    case mutex
    /// The same, called by the Swift runtime.
    case runtimeMutex
    case readLock, writeLock, semaphore, condition, join
    /// `pthread_once`.
    case posixOnce
    /// A lock inside the C library, which does not say whose it is.
    case libraryLock
    /// `swift_once`.
    case swiftOnce
    /// `Synchronization.Mutex`.
    case swiftMutex
    /// Another lock of the Swift runtime with the owner in its word.
    case swiftRuntimeLock
    case dispatchOnce, dispatchLock, dispatchSync, dispatchSemaphore, dispatchGroup
    /// Something in libdispatch that is over in a moment.
    case dispatchTransition
    /// A thread of libdispatch's that has nothing to do.
    case idleDispatch
    /// An event loop that has nothing to do.
    case eventLoop
    /// An event loop that runs until a child process ends.
    case childProcess

    /// How many of the innermost frames may say it.
    private static let depth = 12

    /// Reads it off these frames, innermost first; nil where they do not say.
    init?(_ frames: [Frame]) {
        var site: WaitSite?
        for frame in frames.prefix(Self.depth) {
            guard let symbol = frame.symbol else {
                if Self.isCLibrary(frame.image) { continue }
                break
            }
            let name = Self.plainName(symbol)
            guard let found = Self.site(of: name, image: frame.image) else {
                if Self.passes(name) { continue }
                if site == .mutex, Self.isSwiftRuntime(frame) { site = .runtimeMutex }
                break
            }
            // What is further out knows better, but only where it is made of the inner: a worker
            // waits in a dispatch semaphore, and that in one of POSIX.
            switch (site, found) {
            case (nil, _), (.semaphore, .dispatchSemaphore), (.semaphore, .idleDispatch),
                (.dispatchSemaphore, .idleDispatch), (.eventLoop, .childProcess):
                site = found
            // Leaving a condition, it takes the mutex again. A loop has more than one frame.
            case (.mutex, .condition), (.eventLoop, .eventLoop): break
            default: self = site ?? found; return
            }
        }
        guard let site else { return nil }
        self = site
    }

    private static let names: [String: WaitSite] = [
        "pthread_mutex_lock": .mutex, "__pthread_mutex_lock": .mutex,
        "___pthread_mutex_lock": .mutex, "__pthread_mutex_lock_full": .mutex,
        "pthread_mutex_timedlock": .mutex, "pthread_mutex_clocklock": .mutex,
        "__pthread_mutex_clocklock_common": .mutex, "__pthread_mutex_timedlock": .mutex,
        "___pthread_mutex_timedlock": .mutex,
        "__pthread_mutex_cond_lock": .mutex, "__pthread_mutex_cond_lock_full": .mutex,
        "pthread_rwlock_rdlock": .readLock, "pthread_rwlock_timedrdlock": .readLock,
        "pthread_rwlock_clockrdlock": .readLock, "__pthread_rwlock_rdlock": .readLock,
        "___pthread_rwlock_rdlock": .readLock, "__pthread_rwlock_rdlock_full64": .readLock,
        "pthread_rwlock_wrlock": .writeLock, "pthread_rwlock_timedwrlock": .writeLock,
        "pthread_rwlock_clockwrlock": .writeLock, "__pthread_rwlock_wrlock": .writeLock,
        "___pthread_rwlock_wrlock": .writeLock, "__pthread_rwlock_wrlock_full64": .writeLock,
        "sem_wait": .semaphore, "sem_timedwait": .semaphore, "sem_clockwait": .semaphore,
        "__new_sem_wait": .semaphore, "__new_sem_wait_slow64": .semaphore,
        "__new_sem_wait_slow": .semaphore,
        "pthread_cond_wait": .condition, "pthread_cond_timedwait": .condition,
        "pthread_cond_clockwait": .condition, "__pthread_cond_wait": .condition,
        "___pthread_cond_wait": .condition, "___pthread_cond_timedwait64": .condition,
        "___pthread_cond_clockwait64": .condition, "__pthread_cond_wait_common": .condition,
        "pthread_join": .join, "pthread_timedjoin_np": .join, "pthread_clockjoin_np": .join,
        "__pthread_clockjoin_ex": .join, "___pthread_join": .join,
        "pthread_once": .posixOnce, "__pthread_once": .posixOnce,
        "__pthread_once_slow": .posixOnce,
        "__lll_lock_wait_private": .libraryLock,
        "_dispatch_once_wait": .dispatchOnce,
        "_dispatch_unfair_lock_lock_slow": .dispatchLock,
        "_dispatch_gate_wait_slow": .dispatchLock,
        "__DISPATCH_WAIT_FOR_QUEUE__": .dispatchSync,
        "_dispatch_semaphore_wait_slow": .dispatchSemaphore,
        "dispatch_semaphore_wait": .dispatchSemaphore,
        "_dispatch_group_wait_slow": .dispatchGroup, "dispatch_group_wait": .dispatchGroup,
        "__DISPATCH_WAIT_FOR_ENQUEUER__": .dispatchTransition,
        "_dispatch_wait_for_enqueuer": .dispatchTransition,
        "__DISPATCH_ROOT_QUEUE_CONTENDED_WAIT__": .dispatchTransition,
        "_dispatch_worker_thread": .idleDispatch, "_dispatch_mgr_invoke": .idleDispatch,
        "_dispatch_mgr_thread": .idleDispatch, "_dispatch_sig_thread": .idleDispatch,
        "__CFRunLoopRun": .eventLoop, "CFRunLoopRunSpecific": .eventLoop,
        "__CFSocketManager": .eventLoop,
        "$s10Foundation7ProcessC13waitUntilExityyF": .childProcess,
    ]

    /// Those that programs call by these names.
    static let exported = names.filter { $0.key.hasPrefix("pthread_") || $0.key.hasPrefix("sem_") }

    /// Functions between the system call and those that say what is waited for.
    private static let passed: Set<String> = [
        "syscall", "__lll_lock_wait", "__lll_clocklock_wait", "__lll_clocklock_elision",
        "__futex_lock_pi64", "__futex_lock_pi", "_dispatch_futex_wait",
        "_dispatch_wait_on_address", "_dispatch_thread_event_wait_slow", "_dispatch_sema4_wait",
        "_dispatch_sema4_timedwait", "epoll_wait", "epoll_pwait", "poll", "__poll", "ppoll",
        "sigsuspend", "__sigsuspend", "_dispatch_sigsuspend", "_dispatch_event_loop_drain",
        "_dispatch_unfair_lock_lock", "__CFRunLoopServiceFileDescriptors", "select", "__select",
        "$s10Foundation7RunLoopC3run4mode6beforeSbAC4ModeV_0A10Essentials4DateVtF",
        "$s10Foundation7RunLoopC9limitDate7forMode0A10Essentials0E0VSgAC0G0V_tF",
    ]

    private static func passes(_ name: String) -> Bool {
        passed.contains(name) || name.hasPrefix("__futex_abstimed_wait")
            || name.hasPrefix("$s8NIOPosix")
    }

    private static func site(of name: String, image: String?) -> WaitSite? {
        if let site = names[name] { return site }
        if name.hasPrefix("$s") {
            if name.hasPrefix("$s15Synchronization12_MutexHandleV"), name.contains("lockSlow") {
                return .swiftMutex
            }
            if name.hasPrefix("$s8NIOPosix"),
                name.contains("whenReady") || name.contains("SelectableEventLoopC3run")
            {
                return .eventLoop
            }
            return nil
        }
        guard name.hasPrefix("_ZN5swift14threading_impl") else { return nil }
        return name.hasPrefix("_ZN5swift14threading_impl9once_slow")
            ? .swiftOnce
            : name.contains("lock") ? .swiftRuntimeLock : nil
    }

    /// A C name without version (`@@GLIBC_2.2.5`), without what the compiler puts behind the names
    /// of copies (`.constprop.0`), and without what glibc puts before those of its own aliases.
    private static func plainName(_ symbol: String) -> String {
        var end = symbol.startIndex
        while end < symbol.endIndex, symbol[end] != "@", symbol[end] != "." {
            end = symbol.index(after: end)
        }
        let name = symbol[..<end]
        return String(name.hasPrefix("__GI_") ? name.dropFirst(5) : name)
    }

    /// Whether this is the C library.
    static func isCLibrary(_ image: String?) -> Bool {
        image.map { $0.hasPrefix("libc.so") || $0.hasPrefix("libpthread") } ?? false
    }

    private static func isSwiftRuntime(_ frame: Frame) -> Bool {
        if let image = frame.image,
            image.hasPrefix("libswiftCore.so") || image.hasPrefix("libswift_Concurrency.so")
        {
            return true
        }
        return frame.symbol.map { $0.hasPrefix("_ZN5swift") || $0.hasPrefix("swift_") } ?? false
    }
}
