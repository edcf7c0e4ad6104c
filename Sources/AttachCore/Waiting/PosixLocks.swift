import AttachReport

/// Reads the C library's locks.
struct PosixLocks {
    /// Where they lie.
    let memory: TargetMemory
    /// Who can own one.
    let numbers: ThreadNumbers
    /// How they lie.
    var layout = CLibraryLayout.glibc

    // MARK: Mutexes

    /// The mutex that a thread waits for; nil where the words are not those of one.
    func mutex(_ futex: FutexCall, of thread: Int32) -> ThreadWait? {
        let layout = layout.mutex
        guard let base = futex.word.offset(by: -Int64(layout.word)),
            let word: UInt32 = load(base, layout.word),
            let owner: UInt32 = load(base, layout.owner),
            let kind: UInt32 = load(base, layout.kind), kind & ~layout.known == 0,
            futex.namesOwner == (kind & layout.inherits != 0)
        else { return nil }
        var wait = ThreadWait(kind: .mutex, object: base)
        let inWord = kind & (layout.isRobust | layout.inherits) != 0
        let isTaken =
            kind & layout.protects != 0
            ? word & layout.protectedMask != 0 : word & FutexCall.ownerMask != 0
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
            layout.stopsItself.contains(kind & layout.typeMask) && kind & layout.inherits == 0
        wait.setOwner(
            number, numbers, waiter: thread, mayBeItself: mayOwnIt,
            isShared: kind & layout.isShared != 0)
        return wait
    }

    // MARK: Read-write locks

    /// The read-write lock that a thread waits for; nil where the words are not those of one.
    func readWriteLock(
        _ futex: FutexCall, kind: ThreadWait.Kind, of thread: Int32
    ) -> ThreadWait? {
        let layout = layout.readWriteLock
        // The lock is aligned to 8, which tells the word that it waits in.
        let isInWriters = futex.word.value % 8 == layout.writers % 8
        let offset =
            isInWriters
            ? layout.writers
            : layout.phaseValues.contains(futex.value) ? layout.phase : layout.readers
        guard !futex.namesOwner, let base = futex.word.offset(by: -Int64(offset)),
            let owner: UInt32 = load(base, layout.writer),
            let isShared: UInt32 = load(base, layout.isShared), isShared <= 1,
            let flags: UInt32 = load(base, layout.flags), flags <= layout.mostFlags
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
        let layout = layout.condition
        var place = futex.word
        if let offset = layout.signals.first(where: { ($0 ^ place.value) % 8 == 0 }),
            let base = place.offset(by: -Int64(offset)),
            let references: UInt32 = load(base, layout.references),
            (1..<1 << 20).contains(references >> layout.referencesShift)
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
