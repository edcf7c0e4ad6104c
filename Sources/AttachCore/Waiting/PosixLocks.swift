import AttachReport

/// Reads the C library's locks, as glibc lays them out for 64-bit CPUs (struct_mutex.h,
/// struct_rwlock.h, bits/thread-shared-types.h of 2.30 and later).
struct PosixLocks {
    /// Where they lie.
    let memory: TargetMemory
    /// Who can own one.
    let numbers: ThreadNumbers

    // MARK: Mutexes

    /// Bits of `__kind` (pthreadP.h).
    private enum Kind {
        static let robust: UInt32 = 0x10
        static let inherits: UInt32 = 0x20
        static let protects: UInt32 = 0x40
        static let isShared: UInt32 = 0x80
        static let type: UInt32 = 0x03
        /// All of the above, and those of lock elision.
        static let known: UInt32 = 0x3f3
        /// PTHREAD_MUTEX_NORMAL and PTHREAD_MUTEX_ADAPTIVE_NP: locked twice by one thread, they
        /// stop it.
        static let stopsItself: Set<UInt32> = [0, 3]
    }

    /// The mutex that a thread waits for; nil where the words are not those of one.
    func mutex(_ futex: FutexCall, of thread: Int32) -> ThreadWait? {
        guard let word: UInt32 = load(futex.word, 0), let owner: UInt32 = load(futex.word, 8),
            let kind: UInt32 = load(futex.word, 16), kind & ~Kind.known == 0,
            futex.namesOwner == (kind & Kind.inherits != 0)
        else { return nil }
        var wait = ThreadWait(kind: .mutex, object: futex.word)
        let inWord = kind & (Kind.robust | Kind.inherits) != 0
        let isTaken =
            kind & Kind.protects != 0 ? word & 0x7_ffff != 0 : word & FutexCall.ownerMask != 0
        wait.evidence =
            inWord
            ? "the owner in the first word of the pthread_mutex_t"
            : "__owner of the pthread_mutex_t"
        // A free one may still tell of somebody: what is not locked has no owner.
        guard isTaken else {
            wait.evidence = "a pthread_mutex_t that is free now"
            return wait
        }
        let number = inWord ? word & FutexCall.ownerMask : owner
        let mayOwnIt =
            Kind.stopsItself.contains(kind & Kind.type) && kind & Kind.inherits == 0
        wait.setOwner(
            number, numbers, waiter: thread, mayBeItself: mayOwnIt,
            isShared: kind & Kind.isShared != 0)
        return wait
    }

    // MARK: Read-write locks

    /// The read-write lock that a thread waits for; nil where the words are not those of one.
    func readWriteLock(
        _ futex: FutexCall, kind: ThreadWait.Kind, of thread: Int32
    ) -> ThreadWait? {
        // It waits in `__readers` (0), `__wrphase_futex` (8) or `__writers_futex` (12). The lock is
        // aligned to 8, and only 2 and 3 are waited with in the latter two.
        let offset: Int64 = futex.word.value % 8 == 4 ? 12 : 2...3 ~= futex.value ? 8 : 0
        guard !futex.namesOwner, let base = futex.word.offset(by: -offset),
            let owner: UInt32 = load(base, 24), let isShared: UInt32 = load(base, 28),
            isShared <= 1, let flags: UInt32 = load(base, 48), flags <= 2
        else { return nil }
        var wait = ThreadWait(kind: kind, object: base)
        if owner == 0 {
            wait.evidence = "a pthread_rwlock_t without a writer; readers leave no name"
        } else {
            wait.evidence = "__cur_writer of the pthread_rwlock_t"
            wait.setOwner(owner, numbers, waiter: thread, isShared: isShared != 0)
        }
        return wait
    }

    // MARK: Others

    /// The condition variable that a thread waits for, or the mutex that it takes again behind it.
    func condition(_ futex: FutexCall, of thread: Int32) -> ThreadWait {
        if futex.operation != .waitBits, let mutex = mutex(futex, of: thread) { return mutex }
        // `__g_signals[0]` lies at 40, `[1]` at 44; `__wrefs` at 36 counts waiters by eights.
        let offset: Int64 = futex.word.value % 8 == 4 ? 44 : 40
        var place = futex.word
        if let base = place.offset(by: -offset), let references: UInt32 = load(base, 36),
            (1..<1 << 20).contains(references >> 3)
        {
            place = base
        }
        return ThreadWait(
            kind: .condition, object: place,
            evidence: "a pthread_cond_t; nobody owns a condition")
    }

    /// The thread whose end a thread waits for; nil where the word is none of a thread's.
    func join(_ futex: FutexCall, of thread: Int32) -> ThreadWait? {
        guard let word: UInt32 = load(futex.word, 0) else { return nil }
        var wait = ThreadWait(kind: .join, evidence: "the id that the joined thread's end clears")
        // It ended: the waiter is about to be told.
        guard word == futex.value else { return wait }
        wait.setOwner(word, numbers, waiter: thread, isShared: true)
        return wait
    }

    private func load(_ address: Address, _ offset: UInt64) -> UInt32? {
        address.advanced(by: offset).flatMap { memory.load($0) }
    }
}

extension ThreadWait {
    /// Sets who owns what is waited for.
    ///
    /// - Parameters:
    ///   - number: As the lock names it: an id in the target's pid namespace.
    ///   - mayBeItself: Whether a thread can wait for what it has itself. Where it cannot, it is
    ///     about to be told that it got it.
    ///   - isShared: Whether the owner may be a thread of another process.
    mutating func setOwner(
        _ number: UInt32, _ numbers: ThreadNumbers, waiter: Int32, mayBeItself: Bool = false,
        isShared: Bool = false
    ) {
        switch numbers.meaning(of: number) {
        case .thread(let thread): if thread != waiter || mayBeItself { owner = thread }
        case .ended(let thread): if !isShared { deadOwner = thread }
        case .nobody, .unknown: break
        }
    }
}
