import Foundation
import Glibc
import Synchronization
import VerdictKernel

/// Locks of several kinds: taken crosswise, kept, and left behind by a thread that has ended.
enum Locks {
    static let stories: [String: Verdict.Story] = [
        "abba-pthread": { await crosswise($0, PthreadLock(), PthreadLock()) },
        "abba-mutex": { await crosswise($0, SwiftMutex(), PthreadLock()) },
        "abba-nslock": { await crosswise($0, FoundationLock(), FoundationLock()) },
        "join-lock": { await joined($0) },
        "lock-held": { await kept($0, PthreadLock()) },
        "mutex-held": { await kept($0, SwiftMutex()) },
        "nslock-held": { await kept($0, FoundationLock()) },
        "rwlock-held": { await kept($0, ReadWriteLock()) },
        "lock-orphan": { await orphaned($0) },
        "lock-self": { await twice($0) },
        "lock-timed": { _ in await timed() },
        "lock-elsewhere": { _ in await elsewhere() },
        "condition": { await atCondition($0) },
    ]

    // MARK: Each of two threads has what the other wants.

    // Two `Mutex`es taken crosswise do not hang: the kernel sees the cycle of owners (they are
    // PI futexes), and the second thread traps. One whose other half is no PI futex does.
    static func crosswise(_ variant: Variant, _ first: any Door, _ second: any Door) async {
        guard variant != .busy else {
            for name in ["left", "right"] {
                Threads.start(name) {
                    while true {
                        first.hold { second.hold { usleep(300) } }
                        Cast.turn()
                    }
                }
            }
            return Cast.perform(tasks: 1, moving: true)
        }
        guard variant == .sick else {
            // In the same order: one has both, and sleeps; nobody else wants them.
            Threads.start("left") {
                first.hold {
                    second.hold {
                        Cast.blocks("left", in: SystemCall.clockNanosleep)
                        while true { usleep(1_000_000_000) }
                    }
                }
            }
            return Cast.perform(tasks: 1, threads: 1)
        }
        let meeting = Meeting(of: 2)
        for (name, own, other) in [("left", first, second), ("right", second, first)] {
            Threads.start(name) {
                own.hold {
                    meeting.attend()
                    Cast.blocks(name, in: SystemCall.futex, at: other.address)
                    other.hold { Held.touch() }
                }
            }
        }
        await Cast.untilBlocked("left", "right")
        // A task comes along, and gets stuck behind them.
        let executor = ThreadExecutor("executor", asTask: true)
        Kept.keep(executor)
        Task(name: "bystander", executorPreference: executor) {
            let me = Witness.enter("bystander")
            Cast.blocks(me, "bystander", in: SystemCall.futex, at: second.address)
            second.hold { Held.touch() }
        }
        Cast.perform(tasks: 2, threads: 3) {
            [
                Judgement(
                    kind: "deadlock", subjects: [.thread("left"), .thread("right")],
                    affected: [.task("bystander")])
            ]
        }
    }

    /// One has a lock and waits for the end of another, who wants the lock.
    static func joined(_ variant: Variant) async {
        let lock = PthreadLock()
        Threads.start("left") {
            lock.hold {
                nonisolated(unsafe) var other = pthread_t()
                pthread_create(
                    &other, nil,
                    { argument in
                        guard let argument else { return nil }
                        let lock = Unmanaged<PthreadLock>.fromOpaque(argument).takeRetainedValue()
                        if lock.isWanted {
                            Cast.blocks("right", in: SystemCall.futex, at: lock.address)
                            lock.hold { Held.touch() }
                        } else {
                            Cast.blocks("right", in: SystemCall.clockNanosleep)
                            while true { usleep(1_000_000_000) }
                        }
                        return nil
                    }, Unmanaged.passRetained(lock.wanted(variant == .sick)).toOpaque())
                Cast.awaitBlocked("right")
                Cast.blocks("left", in: SystemCall.futex)
                pthread_join(other, nil)
            }
        }
        guard variant == .sick else { return Cast.perform(tasks: 1, threads: 2) }
        Cast.perform(tasks: 1, threads: 2) {
            [Judgement(kind: "deadlock", subjects: [.thread("left"), .thread("right")])]
        }
    }

    // MARK: One has it and does something else.

    static func kept(_ variant: Variant, _ door: any Door) async {
        guard variant != .busy else {
            for name in ["one", "two", "three", "four"] {
                Threads.start(name) {
                    while true {
                        door.hold { usleep(300) }
                        Cast.turn()
                    }
                }
            }
            return Cast.perform(tasks: 1, moving: true)
        }
        Threads.start("owner") {
            door.hold {
                Cast.blocks("owner", in: SystemCall.clockNanosleep)
                while true { usleep(1_000_000_000) }
            }
        }
        guard variant == .sick else { return Cast.perform(tasks: 1, threads: 1) }
        await Cast.untilBlocked("owner")
        for name in ["one", "two"] {
            Threads.start(name) {
                Cast.blocks(name, in: SystemCall.futex, at: door.address)
                door.hold { Held.touch() }
            }
        }
        Cast.perform(tasks: 1, threads: 3) {
            [
                Judgement(
                    kind: "lock-held", subjects: [.thread("owner")],
                    affected: [.thread("one"), .thread("two")])
            ]
        }
    }

    /// The one who had it has ended.
    static func orphaned(_ variant: Variant) async {
        let lock = PthreadLock()
        Threads.start("mortal") {
            lock.take()
            if variant != .sick { lock.leave() }
            Cast.turn()
        }
        while lock.isFree == (variant == .sick) || Threads.isAlive(named: "mortal") {
            await Task.yield()
        }
        guard variant == .sick else { return Cast.perform(tasks: 1) }
        for name in ["one", "two"] {
            Threads.start(name) {
                Cast.blocks(name, in: SystemCall.futex, at: lock.address)
                lock.hold { Held.touch() }
            }
        }
        Cast.perform(tasks: 1, threads: 2) {
            [
                Judgement(
                    kind: "lock-held", subjects: [.lock(lock.address)],
                    affected: [.thread("one"), .thread("two")])
            ]
        }
    }

    /// A thread wants what it has.
    static func twice(_ variant: Variant) async {
        let lock = PthreadLock()
        Threads.start("owner") {
            lock.hold {
                let address = variant == .sick ? lock.address : nil
                Cast.blocks("owner", in: SystemCall.futex, at: address)
                if variant == .sick { lock.hold { Held.touch() } } else { silence() }
            }
        }
        guard variant == .sick else { return Cast.perform(tasks: 1, threads: 1) }
        // Alone it could wait for another thread to unlock it, as at a semaphore.
        await Cast.untilBlocked("owner")
        Threads.start("other") {
            Cast.blocks("other", in: SystemCall.futex, at: lock.address)
            lock.hold { Held.touch() }
        }
        Cast.perform(tasks: 1, threads: 2) {
            [
                Judgement(
                    kind: "deadlock", subjects: [.thread("owner")], affected: [.thread("other")])
            ]
        }
    }

    /// Waits for a semaphore of nobody's.
    static func silence() { DispatchSemaphore(value: 0).wait() }

    /// Two take two locks crosswise, but neither waits for ever: it gives way and tries again.
    static func timed() async {
        let (first, second) = (PthreadLock(), PthreadLock())
        let meeting = Meeting(of: 2)
        for (name, own, other) in [("left", first, second), ("right", second, first)] {
            Threads.start(name) {
                meeting.attend()
                while true {
                    own.hold {
                        if other.take(within: 0.3) { other.leave() }
                        Cast.turn()
                    }
                }
            }
        }
        Cast.perform(tasks: 1)
    }

    /// The lock lies in memory shared with another process, one of whose threads has it.
    static func elsewhere() async {
        let flags = MAP_SHARED | MAP_ANONYMOUS
        guard let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, flags, -1, 0),
            memory != MAP_FAILED
        else { Fixture.fail("shared memory") }
        let lock = PthreadLock(sharedAt: memory)
        Threads.start("parent") { lock.leaveToOtherProcess() }
        while lock.isFree { await Task.yield() }
        for name in ["one", "two"] {
            Threads.start(name) {
                Cast.blocks(name, in: SystemCall.futex, at: lock.address)
                lock.hold { Held.touch() }
            }
        }
        Cast.perform(tasks: 1, threads: 2)
    }

    /// Workers that wait for work: no trouble at all.
    static func atCondition(_ variant: Variant) async {
        let condition = NSCondition()
        for name in ["one", "two", "three"] {
            Threads.start(name) {
                condition.lock()
                Cast.blocks(name, in: SystemCall.futex)
                while true { condition.wait() }
            }
        }
        Cast.perform(tasks: 1, threads: 3)
    }
}

/// A lock of some kind.
protocol Door: Sendable {
    /// Where its words lie, where that is known.
    var address: UInt? { get }
    func hold(_ body: () -> Void)
}

final class PthreadLock: Door, @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private(set) var isWanted = false

    init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    /// A new one for several processes.
    init(sharedAt memory: UnsafeMutableRawPointer) {
        mutex = memory.bindMemory(to: pthread_mutex_t.self, capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_setpshared(&attributes, Int32(PTHREAD_PROCESS_SHARED))
        pthread_mutex_init(mutex, &attributes)
    }

    var address: UInt? { UInt(bitPattern: mutex) }

    /// Does not return; the other process ends with the calling thread.
    func leaveToOtherProcess() { kernel_take_elsewhere(mutex) }

    func take() { pthread_mutex_lock(mutex) }

    func take(within seconds: Double) -> Bool {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        time.tv_nsec += Int(seconds * 1e9)
        time.tv_sec += time.tv_nsec / 1_000_000_000
        time.tv_nsec %= 1_000_000_000
        return pthread_mutex_timedlock(mutex, &time) == 0
    }
    func leave() { pthread_mutex_unlock(mutex) }

    func hold(_ body: () -> Void) {
        take()
        body()
        leave()
    }

    func wanted(_ value: Bool) -> PthreadLock {
        isWanted = value
        return self
    }

    var isFree: Bool {
        guard pthread_mutex_trylock(mutex) == 0 else { return false }
        leave()
        return true
    }
}

extension Subject {
    static func lock(_ address: UInt?) -> Subject { .lock(address ?? 0) }
}

final class SwiftMutex: Door {
    private let mutex = Mutex(0)

    var address: UInt? { UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()) }

    func hold(_ body: () -> Void) { mutex.withLock { _ in body() } }
}

final class FoundationLock: Door {
    private let lock = NSLock()

    var address: UInt? { nil }

    func hold(_ body: () -> Void) {
        lock.lock()
        body()
        lock.unlock()
    }
}

final class ReadWriteLock: Door, @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)

    init() { pthread_rwlock_init(lock, nil) }

    var address: UInt? { UInt(bitPattern: lock) }

    func hold(_ body: () -> Void) {
        pthread_rwlock_wrlock(lock)
        body()
        pthread_rwlock_unlock(lock)
    }
}

/// Nobody goes on before so many have come.
final class Meeting: Sendable {
    private let missing: Atomic<Int>

    init(of count: Int) { missing = Atomic(count) }

    func attend() {
        missing.subtract(1, ordering: .acquiringAndReleasing)
        while missing.load(ordering: .acquiring) > 0 { usleep(100) }
    }
}

extension Threads {
    /// Whether a thread of that name is there.
    static func isAlive(named name: String) -> Bool {
        guard let folder = opendir("/proc/self/task") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let tid = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if read("/proc/self/task/\(tid)/comm") == name + "\n" { return true }
        }
        return false
    }
}
