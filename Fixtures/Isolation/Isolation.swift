import Glibc

/// Who may run where: actors with a queue before the door, the main actor, executors of one's own.
@main
enum Isolation {
    static func main() async {
        Fixture.serve(
            tasks: 13,
            facts: { [["actor": Kept.fact(Kept.counter, "Counter", queued: 4)]] })
        let me = Witness.enter()

        // The custom serial executor and the task executor each have a thread; both get blocked.
        await customExecutor()
        await taskExecutor()
        await nestedHops()
        await defaultActor()

        // From here on the main actor is busy for good; `main` is its occupant.
        queueForMainActor()
        me.calls(in: "static Isolation.main()")
        occupyMainActor(me)
    }

    // MARK: A default actor: one job blocks its thread, four tasks queue. 5 tasks.

    static func defaultActor() async {
        let counter = Kept.counter
        Task(name: "counter-occupant") {
            let me = Witness.enter("counter-occupant")
            me.calls(in: "closure #1 in static Isolation.defaultActor()")
            await counter.occupy(me)
            Held.touch()
        }
        while Witness.runningCount < 3 { await Task.yield() }
        for number in 1...4 {
            Task(name: "counter-visitor-\(number)") {
                let me = Witness.enter("counter-visitor-\(number)")
                me.calls(in: "closure #2 in static Isolation.defaultActor()")
                await visit(counter, me)
                Held.touch()
            }
        }
        await Witness.others(atLeast: 11)
    }

    @inline(never)
    static func visit(_ counter: Counter, _ me: Witness) async {
        me.queues(for: .actor, in: "static Isolation.visit(_:_:)")
        await counter.increment()
        Held.touch()
    }

    // MARK: The main actor. 1 queued task, and `main`.

    static func queueForMainActor() {
        let queued = Task(name: "main-visitor") { @MainActor in Held.touch() }
        Kept.tasks.append(queued)
        Witness.enter(
            "main-visitor", of: queued, .enqueued, wait: .mainActor,
            also: ["neverStarted": true])
    }

    @MainActor @inline(never)
    static func occupyMainActor(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static Isolation.occupyMainActor(_:)")
        while true { pause() }
    }

    // MARK: A custom serial executor: an actor that lives on a thread of its own. 2 tasks.

    static func customExecutor() async {
        let ledger = Ledger()
        Task(name: "ledger-occupant") {
            let me = Witness.enter("ledger-occupant")
            me.calls(in: "closure #1 in static Isolation.customExecutor()")
            await ledger.occupy(me)
        }
        while Witness.runningCount < 1 { await Task.yield() }
        let queued = Task(name: "ledger-visitor") { await ledger.visit() }
        Kept.tasks.append(queued)
        Witness.enter("ledger-visitor", of: queued, .enqueued, wait: .executor)
    }

    // MARK: A task executor preference. 2 tasks.

    static func taskExecutor() async {
        let executor = ThreadExecutor("task-exec", asTask: true)
        Kept.executors.append(executor)
        Task(name: "preferring", executorPreference: executor) {
            let me = Witness.enter("preferring")
            me.calls(in: "closure #1 in static Isolation.taskExecutor()")
            hold(me)
        }
        while Witness.runningCount < 2 { await Task.yield() }
        let queued = Task(name: "preferring-queued", executorPreference: executor) { Held.touch() }
        Kept.tasks.append(queued)
        Witness.enter(
            "preferring-queued", of: queued, .enqueued, wait: .executor,
            also: ["neverStarted": true])
    }

    @inline(never)
    static func hold(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static Isolation.hold(_:)")
        while true { pause() }
    }

    // MARK: Hops: main -> Outer -> Inner -> Outer, suspended in the innermost. 1 task + 1 caller.

    static func nestedHops() async {
        let outer = Outer()
        Task(name: "hopper") {
            let me = Witness.enter("hopper")
            me.calls(in: "closure #1 in static Isolation.nestedHops()")
            await outer.begin(me)
            Held.touch()
        }
        await Witness.others(atLeast: 5)
        // Its actors are free while it is suspended: another task comes and goes.
        let passer = Task { await outer.pass() }
        _ = await passer.value
        Witness.enter(of: passer, .completed)
        Kept.tasks.append(passer)
    }
}

enum Kept {
    static let counter = Counter()
    nonisolated(unsafe) static var tasks: [Task<Void, Never>] = []
    nonisolated(unsafe) static var executors: [ThreadExecutor] = []

    static func fact(_ actor: some Actor, _ type: String, queued: Int) -> JSON {
        let address = UInt(bitPattern: Unmanaged.passUnretained(actor as AnyObject).toOpaque())
        return [
            "type": .string(type), "address": .address(address), "queued": .number(queued),
        ]
    }
}

actor Counter {
    private var count = 0

    @inline(never)
    func occupy(_ me: Witness) {
        me.runs(blockedIn: SystemCall.clockNanosleep, in: "Counter.occupy(_:)")
        while true { usleep(1_000_000_000) }
    }

    func increment() { count += 1 }
}

actor Ledger {
    private let executor = ThreadExecutor("ledger", asTask: false)
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    @inline(never)
    func occupy(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "Ledger.occupy(_:)")
        while true { pause() }
    }

    func visit() { Held.touch() }
}

actor Outer {
    private let inner = Inner()

    @inline(never)
    func begin(_ me: Witness) async {
        me.calls(in: "Outer.begin(_:)")
        await inner.carryOn(self, me)
        Held.touch()
    }

    @inline(never)
    func end(_ me: Witness) async {
        me.rests(.continuation, in: "Outer.end(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }

    func pass() { Held.touch() }
}

actor Inner {
    @inline(never)
    func carryOn(_ outer: Outer, _ me: Witness) async {
        me.calls(in: "Inner.carryOn(_:_:)")
        await outer.end(me)
        Held.touch()
    }
}
