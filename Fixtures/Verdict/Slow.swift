import Dispatch
import Glibc

/// Healthy programs that are slow: everything goes on, but each step takes long, and in one picture
/// it looks like a standstill.
enum Slow {
    static let stories: [String: Verdict.Story] = [
        "slow-actor": { _ in await actor() },
        "slow-queue": { _ in await queue() },
        "slow-main": { _ in await mainActor() },
        "slow-executor": { _ in await executor() },
        "leader-followers": { _ in await leaderAndFollowers() },
        "lock-handed": { _ in await handed() },
    ]

    /// An actor around a synchronous call that takes 0.7 s.
    static func actor() async {
        let desk = Desk()
        Kept.keep(desk)
        let calls = pipeEnds()
        let answers = pipeEnds()
        Threads.start("driver") {
            while true {
                Actors.receive(calls.input)
                usleep(700_000)
                _ = write(answers.output, "x", 1)
            }
        }
        Actors.keepBusy(desk) {
            _ = write(calls.output, "x", 1)
            Actors.receive(answers.input)
        }
        Cast.perform(tasks: 5)
    }

    /// A serial queue with jobs of 0.5 s.
    static func queue() async {
        let queue = DispatchQueue(label: "slow")
        for name in ["one", "two", "three"] {
            Threads.start(name) {
                while true {
                    queue.sync { _ = usleep(500_000) }
                    Cast.turn()
                }
            }
        }
        Cast.perform(tasks: 1)
    }

    /// A main actor that works in pieces of 0.6 s.
    @MainActor
    static func mainActor() async {
        for number in 1...3 {
            Task(name: "busy-\(number)") { @MainActor in
                let me = Witness.enter("busy-\(number)")
                me.keepsBusy()
                while true {
                    usleep(600_000)
                    Cast.turn()
                    await Task.yield()
                }
            }
        }
        Cast.perform(tasks: 4)
    }

    /// An executor that runs its jobs every 3 s; in between its thread sleeps, and new tasks wait
    /// to be started.
    static func executor() async {
        let executor = TurnExecutor(seconds: 3)
        Kept.keep(executor)
        for number in 1...3 {
            Task(name: "busy-\(number)", executorPreference: executor) {
                let me = Witness.enter("busy-\(number)")
                me.keepsBusy()
                while true {
                    Task.detached(executorPreference: executor) { Cast.turn() }
                    await Task.yield()
                }
            }
        }
        Cast.perform(tasks: 4)
    }

    /// Four threads share one descriptor: who has the lock waits for a request, which comes every
    /// 3 s, and the others wait for the lock.
    static func leaderAndFollowers() async {
        let requests = pipeEnds()
        let lock = FoundationLock()
        for name in ["one", "two", "three", "four"] {
            Threads.start(name) {
                while true {
                    lock.hold { Actors.receive(requests.input) }
                    Cast.turn()
                }
            }
        }
        Threads.start("client") {
            while true {
                usleep(3_000_000)
                _ = write(requests.output, "x", 1)
            }
        }
        Cast.perform(tasks: 1)
    }

    /// A mutex as a semaphore: a thread waits for one that it has locked itself, until another
    /// thread unlocks it, every 3 s.
    static func handed() async {
        let lock = PthreadLock()
        Threads.start("worker") {
            lock.take()
            while true {
                lock.take()
                Cast.turn()
            }
        }
        Threads.start("giver") {
            while true {
                usleep(3_000_000)
                lock.leave()
            }
        }
        Cast.perform(tasks: 1)
    }

    private static func pipeEnds() -> (input: Int32, output: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { Fixture.fail("pipe") }
        return (ends[0], ends[1])
    }
}

/// An executor whose thread runs what has come, and then sleeps.
final class TurnExecutor: TaskExecutor, @unchecked Sendable {
    private let mutex = PthreadLock()
    private var jobs: [UnownedJob] = []

    init(seconds: UInt32) {
        Threads.start("turns") {
            while true {
                usleep(seconds * 1_000_000)
                for job in self.taken() {
                    job.runSynchronously(on: self.asUnownedTaskExecutor())
                }
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        mutex.hold { jobs.append(job) }
    }

    private func taken() -> [UnownedJob] {
        var taken: [UnownedJob] = []
        mutex.hold { swap(&taken, &jobs) }
        return taken
    }
}
