import Foundation
import Glibc

/// Somebody keeps others waiting for long, but works: a tool cannot call that a standstill.
enum Labours {
    static let stories: [String: Verdict.Story] = [
        "actor-working": { _ in await onActor { usleep(1000) } },
        "actor-computing": { _ in await onActor { Labours.compute() } },
        "lock-working": { _ in await underLock { usleep(1000) } },
        "lock-computing": { _ in await underLock { Labours.compute() } },
        "pool-computing": { _ in await inPool() },
        "main-loop": { await loop($0) },
        "bursts": { _ in await bursts() },
    ]

    /// Some microseconds of work without a system call.
    static func compute() { for _ in 0..<100_000 { Held.touch() } }

    static func onActor(_ work: @escaping @Sendable () -> Void) async {
        let desk = Desk()
        Kept.keep(desk)
        Task(name: "busy") {
            let me = Witness.enter("busy")
            me.keepsBusy()
            await desk.work {
                while true {
                    work()
                    Cast.turn()
                }
            }
        }
        await Cast.untilMoving()
        Actors.queue(3, at: desk)
        Cast.perform(tasks: 5, moving: true)
    }

    static func underLock(_ work: @escaping @Sendable () -> Void) async {
        let lock = PthreadLock()
        Threads.start("owner") {
            lock.hold {
                while true {
                    work()
                    Cast.turn()
                }
            }
        }
        await Cast.untilMoving()
        for name in ["one", "two"] {
            Threads.start(name) {
                Cast.blocks(name, in: SystemCall.futex, at: lock.address)
                lock.hold { Held.touch() }
            }
        }
        Cast.perform(tasks: 1, threads: 2, moving: true)
    }

    /// More tasks than threads, and each of them takes its time.
    static func inPool() async {
        Threads.start("director") {
            for number in 1...20 {
                Task.detached(name: "busy-\(number)") {
                    while true {
                        for _ in 0..<10_000 { compute() }
                        Cast.turn()
                        await Task.yield()
                    }
                }
            }
        }
        Cast.perform(tasks: 1)
    }

    /// Twice a second all want one lock for a moment; in between all rest, and nobody has it.
    static func bursts() async {
        let desk = Desk()
        let lock = PthreadLock()
        let starts = (0..<4).map { _ in DispatchSemaphore(value: 0) }
        Kept.keep(desk)
        Threads.start("owner") {
            while true {
                lock.hold {
                    for start in starts { start.signal() }
                    usleep(100_000)
                }
                Cast.turn()
                usleep(400_000)
            }
        }
        for start in starts[..<2] {
            Threads.start("other") {
                while true {
                    start.wait()
                    lock.hold { Cast.turn() }
                }
            }
        }
        for (number, start) in starts[2...].enumerated() {
            let executor = ThreadExecutor("visitor", asTask: true)
            Kept.keep(executor)
            Task(name: "visitor-\(number)", executorPreference: executor) {
                let me = Witness.enter("visitor-\(number)")
                me.keepsBusy()
                while true {
                    Actors.pass(start)
                    await desk.work { lock.hold { Cast.turn() } }
                }
            }
        }
        Cast.perform(tasks: 3)
    }

    /// The main thread is in a run loop, which runs what comes to the main actor.
    @MainActor
    static func loop(_ variant: Variant) async {
        let me = Witness.enter("main")
        me.keepsBusy()
        if variant == .busy {
            for number in 1...3 {
                Task.detached(name: "busy-\(number)") {
                    let me = Witness.enter("busy-\(number)")
                    me.keepsBusy()
                    while true {
                        await MainActor.run { Cast.turn() }
                        usleep(100)
                    }
                }
            }
            Cast.perform(tasks: 4, moving: true)
        } else {
            Task.detached(name: "resting") {
                let me = Witness.enter("resting")
                await MainActor.run { Held.touch() }
                me.rests(.sleep)
                try? await Task.sleep(for: .seconds(86_400))
            }
            Cast.perform(tasks: 2)
        }
        runLoop()
    }

    @MainActor static func runLoop() { while true { RunLoop.main.run(until: .distantFuture) } }
}
