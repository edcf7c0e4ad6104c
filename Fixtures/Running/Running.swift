import Glibc
import Synchronization

/// Tasks that hold a thread: spinning, in a system call, before a mutex, under ten callers, and
/// one on top of another. Each has a thread of its own, since the runtime's pool is no wider than
/// the machine; one runs on the pool.
@main
enum Running {
    static func main() async {
        Fixture.serve(tasks: 7 + immediate)
        let me = Witness.enter()
        start("sleeping") { sleeping($0.from(1)) }
        start("locked") { locked($0.from(2)) }
        start("deep") { me in
            me.calls(in: "closure #3 in static Running.main()")
            await descend(10, me)
            Held.touch()
        }
        start("creator") { nested($0.from(4)) }
        await Witness.others(atLeast: 4 + immediate)
        Task.detached(name: "pooled") { pooled(.enter("pooled").from(5)) }
        await Witness.others(atLeast: 5 + immediate)
        start("spinning") { spinning($0.from(6)) }
        me.rests(.continuation, in: "static Running.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    /// A task on a thread of its own, which carries the task's name.
    static func start(_ name: String, _ body: @escaping @Sendable (Witness) async -> Void) {
        let executor = ThreadExecutor(name, asTask: true)
        Kept.executors.append(executor)
        Task(name: name, executorPreference: executor) {
            let me = Witness.enter(name)
            me.calls(in: "closure #1 in static Running.start(_:_:)")
            await body(me)
            Held.touch()
        }
    }

    @inline(never)
    static func spinning(_ me: Witness) {
        me.runs(in: "static Running.spinning(_:)")
        while true { spin() }
    }

    @inline(never)
    static func spin() { Held.touch() }

    @inline(never)
    static func sleeping(_ me: Witness) {
        me.runs(blockedIn: SystemCall.clockNanosleep, in: "static Running.sleeping(_:)")
        while true { usleep(1_000_000_000) }
    }

    @inline(never)
    static func pooled(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static Running.pooled(_:)")
        while true { pause() }
    }

    /// Before a mutex that another thread, which sleeps, holds.
    @inline(never)
    static func locked(_ me: Witness) {
        Kept.lockElsewhere()
        me.runs(blockedIn: SystemCall.futex, in: "static Running.locked(_:)")
        pthread_mutex_lock(Kept.mutex)
        Held.touch()
    }

    /// Ten async calls, none of them suspended, and a blocking one at the bottom.
    @inline(never)
    static func descend(_ remaining: Int, _ me: Witness) async {
        if remaining > 1 {
            me.calls(in: "static Running.descend(_:_:)")
            await descend(remaining - 1, me)
        } else {
            me.calls(in: "static Running.descend(_:_:)")
            bottom(me)
        }
        Held.touch()
    }

    @inline(never)
    static func bottom(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static Running.bottom(_:)")
        while true { pause() }
    }

    /// A task that starts another one on its own stack: both hold the thread.
    @inline(never)
    static func nested(_ me: Witness) {
        #if compiler(>=6.2)
            me.runs(in: "static Running.nested(_:)", also: ["outer": true])
            Task.immediate(name: "immediate") {
                let me = Witness.enter("immediate", immediate: true)
                me.calls(in: "closure #1 in static Running.nested(_:)")
                upper(me)
            }
        #else
            me.calls(in: "static Running.nested(_:)")
            upper(me)
        #endif
        Held.touch()
    }

    #if compiler(>=6.2)
        private static let immediate = 1
    #else
        private static let immediate = 0
    #endif

    @inline(never)
    static func upper(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static Running.upper(_:)")
        while true { pause() }
    }
}

enum Kept {
    nonisolated(unsafe) static var executors: [ThreadExecutor] = []
    nonisolated(unsafe) static let mutex = {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        return mutex
    }()
    private static let isHeld = Atomic<Bool>(false)

    /// Has another thread take the mutex for good; returns once it has.
    static func lockElsewhere() {
        Threads.start("holder") {
            pthread_mutex_lock(mutex)
            isHeld.store(true, ordering: .releasing)
            while true { pause() }
        }
        while !isHeld.load(ordering: .acquiring) { sched_yield() }
    }
}

extension Witness {
    /// Tells of the call on this same line, in one of the closures of `main`.
    func from(_ closure: Int, line: Int = #line) -> Witness {
        calling(in: "closure #\(closure) in static Running.main()", line: line)
    }
}
