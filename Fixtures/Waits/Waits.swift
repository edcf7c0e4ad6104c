import Glibc

/// Everything a task can wait for, one task each.
@main
enum Waits {
    static func main() async {
        Fixture.serve(tasks: 20, helpers: 4)
        let me = Witness.enter()
        startContinuations()
        startStreams()
        startSleeps()
        await startFutures()
        startYielding()
        me.rests(.continuation, in: "static Waits.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    // MARK: Continuations. 5 tasks.

    static func startContinuations() {
        Task(name: "unsafe") {
            let me = Witness.enter("unsafe")
            me.rests(.continuation, in: "closure #1 in static Waits.startContinuations()")
            await withUnsafeContinuation { Held.hold($0) }
            Held.touch()
        }
        Task(name: "checked") {
            let me = Witness.enter("checked")
            me.calls(in: "closure #2 in static Waits.startContinuations()")
            await checked(me)
            Held.touch()
        }
        Task(name: "unsafe-throwing") {
            let me = Witness.enter("unsafe-throwing")
            me.rests(.continuation, in: "closure #3 in static Waits.startContinuations()")
            try await withUnsafeThrowingContinuation { Kept.unsafeThrowing = $0 }
            Held.touch()
        }
        Task(name: "checked-throwing") {
            let me = Witness.enter("checked-throwing")
            me.rests(.continuation, in: "closure #4 in static Waits.startContinuations()")
            try await withCheckedThrowingContinuation { Kept.checkedThrowing = $0 }
            Held.touch()
        }
        Task(name: "lost") {
            let me = Witness.enter("lost")
            me.rests(
                .continuation, in: "closure #5 in static Waits.startContinuations()",
                line: #line, also: ["lost": true])
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in Held.touch() }
            Held.touch()
        }
    }

    @inline(never)
    static func checked(_ me: Witness) async {
        me.rests(.continuation, in: "static Waits.checked(_:)", also: ["creator": "checked(_:)"])
        await withCheckedContinuation { Kept.checked = $0 }
        Held.touch()
    }

    // MARK: Streams. 2 tasks.

    static func startStreams() {
        let (numbers, producer) = AsyncStream.makeStream(of: Int.self)
        Kept.producer = producer
        Task(name: "stream") {
            let me = Witness.enter("stream")
            me.rests(.stream, in: "closure #1 in static Waits.startStreams()")
            for await number in numbers { Kept.last = number }
            Held.touch()
        }
        let (failing, thrower) = AsyncThrowingStream.makeStream(of: Int.self)
        Kept.thrower = thrower
        Task(name: "throwing-stream") {
            let me = Witness.enter("throwing-stream")
            me.rests(.stream, in: "closure #2 in static Waits.startStreams()")
            for try await number in failing { Kept.last = number }
            Held.touch()
        }
    }

    // MARK: Sleeps, each with a timer task of the runtime's. 4 tasks.

    static func startSleeps() {
        Task(name: "sleep-for") {
            let me = Witness.enter("sleep-for")
            me.rests(.sleep, in: "closure #1 in static Waits.startSleeps()")
            try await Task.sleep(for: .seconds(86_400))
            Held.touch()
        }
        Task(name: "sleep-until") {
            let me = Witness.enter("sleep-until")
            let deadline = ContinuousClock.now + .seconds(86_400)
            me.rests(.sleep, in: "closure #2 in static Waits.startSleeps()")
            try await Task.sleep(until: deadline)
            Held.touch()
        }
        Task(name: "sleep-nanoseconds") {
            let me = Witness.enter("sleep-nanoseconds")
            me.rests(.sleep, in: "closure #3 in static Waits.startSleeps()")
            try await Task.sleep(nanoseconds: 86_400_000_000_000)
            Held.touch()
        }
        Task(name: "sleep-clock") {
            let me = Witness.enter("sleep-clock")
            me.rests(.sleep, in: "closure #4 in static Waits.startSleeps()")
            try await Task.sleep(for: .seconds(86_400), clock: SuspendingClock())
            Held.touch()
        }
    }

    // MARK: Other tasks. 2 awaited ones, 4 waiters, 1 waiter's waiter. 7 tasks.

    static func startFutures() async {
        let awaited = Task(name: "awaited") { () -> Int in
            let me = Witness.enter("awaited")
            me.rests(.continuation, in: "closure #1 in static Waits.startFutures()")
            await withUnsafeContinuation { Held.hold($0) }
            return Int(getpid())
        }
        let awaitedThrowing = Task(name: "awaited-throwing") { () throws -> Int in
            let me = Witness.enter("awaited-throwing")
            me.rests(.continuation, in: "closure #2 in static Waits.startFutures()")
            await withUnsafeContinuation { Held.hold($0) }
            throw CancellationError()
        }
        while Witness.find("awaited") == nil || Witness.find("awaited-throwing") == nil {
            await Task.yield()
        }
        for number in 1...2 {
            Task(name: "waiter-\(number)") {
                let me = Witness.enter("waiter-\(number)")
                me.rests(
                    .task, on: .find("awaited"), in: "closure #3 in static Waits.startFutures()",
                    line: #line)
                let value = await awaited.value
                Kept.last = value
            }
        }
        Task(name: "waiter-throwing") {
            let me = Witness.enter("waiter-throwing")
            me.rests(
                .task, on: .find("awaited-throwing"),
                in: "closure #4 in static Waits.startFutures()", line: #line)
            let value = try await awaitedThrowing.value
            Kept.last = value
        }
        let link = Task(name: "waiter-result") {
            let me = Witness.enter("waiter-result")
            me.rests(
                .task, on: .find("awaited-throwing"),
                in: "closure #5 in static Waits.startFutures()", line: #line)
            let result = await awaitedThrowing.result
            Kept.last = (try? result.get()) ?? 0
        }
        while Witness.find("waiter-result") == nil { await Task.yield() }
        Task(name: "chain") {
            let me = Witness.enter("chain")
            me.rests(
                .task, on: .find("waiter-result"),
                in: "closure #6 in static Waits.startFutures()", line: #line)
            await link.value
            Held.touch()
        }
    }

    // MARK: A task that yields without end: sometimes running, sometimes queued.

    static func startYielding() {
        Task(name: "yielding", priority: .low) {
            let me = Witness.enter("yielding")
            me.keepsBusy(in: "closure #1 in static Waits.startYielding()")
            while true { await Task.yield() }
        }
    }
}

/// What the fixture holds on to, so that only what is meant to be lost is lost.
enum Kept {
    nonisolated(unsafe) static var unsafeThrowing: UnsafeContinuation<Void, any Error>?
    nonisolated(unsafe) static var checked: CheckedContinuation<Void, Never>?
    nonisolated(unsafe) static var checkedThrowing: CheckedContinuation<Void, any Error>?
    nonisolated(unsafe) static var producer: AsyncStream<Int>.Continuation?
    nonisolated(unsafe) static var thrower: AsyncThrowingStream<Int, any Error>.Continuation?
    nonisolated(unsafe) static var last = 0
}
