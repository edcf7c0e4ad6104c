import BusyNative
import Glibc
import Synchronization

/// A process that works all the time and knows the right result, so that a disturbance shows: sums
/// on threads and in tasks, sleeps that must not end early, signals of which none may be lost.
@main
enum Busy {
    static let threads = 3
    static let tasks = 4

    static func main() async {
        busy_install_handler()
        Fixture.serve(
            tasks: 0, unwitnessed: tasks + 2, helpers: nil,
            facts: {
                while Work.rounds == 0 || Sleeps.count < 3 || Signals.sent < 10 { usleep(1000) }
                return []
            },
            result: result)
        for index in 0..<threads {
            Threads.start("worker-\(index)") {
                while Work.goesOn { Work.round(seed: UInt64(index)) }
                Work.finish()
            }
        }
        Threads.start("sleeper", Sleeps.sleepAgainAndAgain)
        Threads.start("signals", Signals.sendAgainAndAgain)
        await withTaskGroup(of: Void.self) { group in
            for index in threads..<(threads + tasks) {
                group.addTask(name: "worker-\(index)") { await computeAgainAndAgain(index) }
            }
            group.addTask(name: "sleeper") { await Sleeps.taskSleepAgainAndAgain() }
        }
        // The control thread ends the process.
        await withUnsafeContinuation { Held.hold($0) }
    }

    /// Rounds in a task, with a hop between any two of them.
    static func computeAgainAndAgain(_ index: Int) async {
        while Work.goesOn {
            Work.round(seed: UInt64(index))
            await Task.yield()
        }
        Work.finish()
    }

    /// Stops everything, waits for what is under way, and compares.
    @Sendable static func result() -> JSON {
        Work.stop()
        while Work.finished < threads + tasks || Signals.goesOn { usleep(1000) }
        for _ in 0..<5000 where busy_signals_handled() < Signals.sent { usleep(1000) }
        return [
            "rounds": .number(Work.rounds),
            "checksum": .string(String(Work.checksum, radix: 16)),
            "expected": .string(String(Work.expected(), radix: 16)),
            "signalsSent": .number(Signals.sent),
            "signalsHandled": .number(Int(busy_signals_handled())),
            "signalValuesSent": .number(Signals.sum),
            "signalValuesHandled": .number(Int(busy_signals_sum())),
            "sleeps": .number(Sleeps.count),
            "shortSleeps": .number(Sleeps.short),
        ]
    }
}

/// The sums. Each seed always gives the same value, so what they must add up to is known.
enum Work {
    private static let stopped = Atomic<Bool>(false)
    private static let finishedCount = Atomic<Int>(0)
    private static let sums = Mutex<(total: UInt64, rounds: [UInt64: UInt64])>((0, [:]))

    static var goesOn: Bool { !stopped.load(ordering: .acquiring) }
    static var finished: Int { finishedCount.load(ordering: .acquiring) }
    static var rounds: Int { sums.withLock { Int($0.rounds.values.reduce(0, +)) } }
    static var checksum: UInt64 { sums.withLock { $0.total } }

    static func stop() { stopped.store(true, ordering: .releasing) }
    static func finish() { finishedCount.add(1, ordering: .releasing) }

    static func round(seed: UInt64) {
        let value = value(of: seed)
        sums.withLock {
            $0.total &+= value
            $0.rounds[seed, default: 0] += 1
        }
    }

    /// What the rounds counted so far must add up to, computed once more, here and now.
    static func expected() -> UInt64 {
        let rounds = sums.withLock { $0.rounds }
        return rounds.reduce(0) { $0 &+ value(of: $1.key) &* $1.value }
    }

    /// Keeps general, vector and floating-point registers busy for a millisecond or so.
    @inline(never)
    static func value(of seed: UInt64) -> UInt64 {
        var bits = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var lanes = SIMD4<Double>(1, 2, 3, 4) + Double(seed)
        for _ in 0..<50_000 {
            bits ^= bits << 13
            bits ^= bits >> 7
            bits ^= bits << 17
            lanes = lanes * 0.999_999 + Double(bits & 0xFF)
        }
        return bits ^ lanes.sum().bitPattern
    }
}

/// Sleeps, on a thread and in a task, that are measured by the clock.
enum Sleeps {
    private static let counted = Atomic<Int>(0)
    private static let tooShort = Atomic<Int>(0)

    static var count: Int { counted.load(ordering: .acquiring) }
    static var short: Int { tooShort.load(ordering: .acquiring) }

    @Sendable static func sleepAgainAndAgain() {
        busy_block_signals()
        while Work.goesOn {
            measure {
                var time = timespec(tv_sec: 0, tv_nsec: 2_000_000)
                nanosleep(&time, nil)
            }
        }
    }

    static func taskSleepAgainAndAgain() async {
        while Work.goesOn {
            let start = ContinuousClock.now
            try? await Task.sleep(for: .milliseconds(2))
            note(ContinuousClock.now - start)
        }
    }

    private static func measure(_ body: () -> Void) {
        let start = ContinuousClock.now
        body()
        note(ContinuousClock.now - start)
    }

    private static func note(_ duration: Duration) {
        if duration < .milliseconds(2) { tooShort.add(1, ordering: .releasing) }
        counted.add(1, ordering: .releasing)
    }
}

/// Real-time signals, which the kernel queues: each one sent must be handled once.
enum Signals {
    private static let sentCount = Atomic<Int>(0)
    private static let sentSum = Atomic<Int>(0)
    private static let sending = Atomic<Bool>(true)

    static var sent: Int { sentCount.load(ordering: .acquiring) }
    static var sum: Int { sentSum.load(ordering: .acquiring) }
    static var goesOn: Bool { sending.load(ordering: .acquiring) }

    @Sendable static func sendAgainAndAgain() {
        busy_block_signals()
        while Work.goesOn {
            let value = sent + 1
            if busy_send_signal(value) == 1 {
                sentCount.add(1, ordering: .releasing)
                sentSum.add(value, ordering: .releasing)
            }
            usleep(500)
        }
        sending.store(false, ordering: .releasing)
    }
}
