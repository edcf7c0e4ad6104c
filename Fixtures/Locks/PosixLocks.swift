import Glibc

/// What the C library has to wait for.
enum PosixLocks {
    /// Something of the C library's, in memory that nobody frees.
    struct Place<Object>: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Object>

        init(_ type: Object.Type = Object.self) {
            pointer = .allocate(capacity: 1)
            memset(pointer, 0, MemoryLayout<Object>.size)
        }

        var fact: (String, JSON) { ("object", .address(UInt(bitPattern: pointer))) }
    }

    static let day = 86_400

    /// So many seconds from now on the clock.
    static func deadline(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        time.tv_sec += day
        return time
    }

    static func start() {
        startMutexes()
        startReadWriteLocks()
        startOthers()
    }

    // MARK: Mutexes

    private static func mutex(
        type: Int = Int(PTHREAD_MUTEX_NORMAL), inherits: Bool = false, isRobust: Bool = false
    ) -> Place<pthread_mutex_t> {
        let place = Place<pthread_mutex_t>()
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_settype(&attributes, Int32(type))
        if inherits { pthread_mutexattr_setprotocol(&attributes, Int32(PTHREAD_PRIO_INHERIT)) }
        if isRobust {
            pthread_mutexattr_setrobust(&attributes, Int32(PTHREAD_MUTEX_ROBUST))
        }
        if pthread_mutex_init(place.pointer, &attributes) != 0 { Fixture.fail("no such mutex") }
        return place
    }

    private static func startMutexes() {
        let kinds: [(String, Place<pthread_mutex_t>, holds: Int)] = [
            ("normal", mutex(), 1),
            ("recursive", mutex(type: Int(PTHREAD_MUTEX_RECURSIVE)), 3),
            ("errorcheck", mutex(type: Int(PTHREAD_MUTEX_ERRORCHECK)), 1),
            ("inherit", mutex(inherits: true), 1),
            ("robust", mutex(isRobust: true), 1),
            ("robust-pi", mutex(inherits: true, isRobust: true), 1),
        ]
        let owner = Holder.start("mutex-holder") { _ in
            for (_, mutex, holds) in kinds {
                for _ in 0..<holds { pthread_mutex_lock(mutex.pointer) }
            }
        }
        for (name, mutex, _) in kinds {
            Waiter("mutex-\(name)", "mutex", [mutex.fact, ("owner", .number(owner))]) {
                pthread_mutex_lock(mutex.pointer)
            }
        }
        let normal = kinds[0].1
        Waiter(
            "mutex-timed", "mutex",
            [normal.fact, ("owner", .number(owner)), ("seconds", .number(day))]
        ) {
            var time = deadline(CLOCK_REALTIME)
            pthread_mutex_timedlock(normal.pointer, &time)
        }
        startAbandoned()
        let own = mutex()
        Waiter("mutex-own", "mutex", [own.fact, ("owner", "self")]) {
            pthread_mutex_lock(own.pointer)
            pthread_mutex_lock(own.pointer)
        }
    }

    /// The owner of this one has ended.
    private static func startAbandoned() {
        let mutex = mutex()
        var thread = pthread_t()
        let words = Place<Int>()
        struct Argument { var mutex: Place<pthread_mutex_t>, tid: Place<Int> }
        let argument = Place<Argument>()
        argument.pointer.initialize(to: Argument(mutex: mutex, tid: words))
        pthread_create(
            &thread, nil,
            { argument in
                let argument = argument?.assumingMemoryBound(to: Argument.self).pointee
                argument?.tid.pointer.pointee = Threads.current
                if let mutex = argument?.mutex { pthread_mutex_lock(mutex.pointer) }
                return nil
            }, argument.pointer)
        pthread_join(thread, nil)
        let owner = words.pointer.pointee
        while Threads.state(of: owner) != nil { usleep(500) }
        Waiter("mutex-abandoned", "mutex", [mutex.fact, ("deadOwner", .number(owner))]) {
            pthread_mutex_lock(mutex.pointer)
        }
    }

    // MARK: Read-write locks

    private static func startReadWriteLocks() {
        let written = Place<pthread_rwlock_t>()
        let read = Place<pthread_rwlock_t>()
        pthread_rwlock_init(written.pointer, nil)
        pthread_rwlock_init(read.pointer, nil)
        let owner = Holder.start("rwlock-holder") { _ in
            pthread_rwlock_wrlock(written.pointer)
            pthread_rwlock_rdlock(read.pointer)
        }
        Waiter("rw-read", "readLock", [written.fact, ("owner", .number(owner))]) {
            pthread_rwlock_rdlock(written.pointer)
        }
        for number in 1...2 {
            Waiter("rw-write-\(number)", "writeLock", [written.fact, ("owner", .number(owner))]) {
                pthread_rwlock_wrlock(written.pointer)
            }
        }
        for number in 1...2 {
            Waiter("rw-readers-\(number)", "writeLock", [read.fact]) {
                pthread_rwlock_wrlock(read.pointer)
            }
        }
    }

    // MARK: Semaphores, conditions, threads

    private static func startOthers() {
        let semaphore = Place<sem_t>()
        sem_init(semaphore.pointer, 0, 0)
        Waiter("sem", "semaphore", [semaphore.fact]) { sem_wait(semaphore.pointer) }
        Waiter("sem-timed", "semaphore", [semaphore.fact, ("seconds", .number(day))]) {
            var time = deadline(CLOCK_REALTIME)
            sem_timedwait(semaphore.pointer, &time)
        }
        for (name, isTimed) in [("condition", false), ("condition-timed", true)] {
            let mutex = mutex()
            let condition = Place<pthread_cond_t>()
            pthread_cond_init(condition.pointer, nil)
            let time: [(String, JSON)] = isTimed ? [("seconds", .number(day))] : []
            Waiter(name, "condition", [condition.fact] + time) {
                pthread_mutex_lock(mutex.pointer)
                var time = deadline(CLOCK_REALTIME)
                if isTimed {
                    pthread_cond_timedwait(condition.pointer, mutex.pointer, &time)
                } else {
                    pthread_cond_wait(condition.pointer, mutex.pointer)
                }
            }
        }
        let joined = Place<(thread: pthread_t, tid: Int)>()
        pthread_create(
            &joined.pointer.pointee.thread, nil,
            { argument in
                Threads.name("joined")
                argument?.assumingMemoryBound(to: (thread: pthread_t, tid: Int).self)
                    .pointee.tid = Threads.current
                while true { pause() }
            }, joined.pointer)
        while joined.pointer.pointee.tid == 0 { usleep(500) }
        Waiter("join", "join", [("owner", .number(joined.pointer.pointee.tid))]) {
            pthread_join(joined.pointer.pointee.thread, nil)
        }
        let word = Place<pthread_once_t>()
        Waiter("once-runner", "signal", in: SystemCall.pause) {
            pthread_once(word.pointer) { while true { pause() } }
        }
        Waiter("once-posix", "once", [word.fact]) {
            usleep(100_000)
            pthread_once(word.pointer) {}
        }
    }
}
