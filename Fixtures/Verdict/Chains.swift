import Dispatch
import Glibc

/// Long ways from who waits to who is to blame.
enum Chains {
    static let stories: [String: Verdict.Story] = [
        "chain": { await chain($0) },
        "chain-cycle": { await chainCycle($0) },
    ]

    /// A task waits for a task, that for an actor, which a task is on, whose thread waits for a
    /// lock, which a thread has, which runs a task, which sleeps with the thread.
    static func chain(_ variant: Variant) async {
        let desk = Desk()
        let lock = PthreadLock()
        Kept.keep(desk)
        let (above, below) = (
            ThreadExecutor("above", asTask: true), ThreadExecutor("below", asTask: true)
        )
        Kept.keep(above)
        Kept.keep(below)
        guard variant != .busy else {
            Task(name: "owner", executorPreference: below) {
                let me = Witness.enter("owner")
                me.keepsBusy()
                while true {
                    lock.hold { usleep(500) }
                    await Task.yield()
                }
            }
            Actors.keepBusy(desk) { lock.hold { usleep(500) } }
            return Cast.perform(tasks: 6, moving: true)
        }
        Task(name: "owner", executorPreference: below) {
            let me = Witness.enter("owner")
            lock.take()
            Cast.blocks(me, "owner", in: SystemCall.clockNanosleep)
            while true { usleep(1_000_000_000) }
        }
        await Cast.untilBlocked("owner")
        guard variant == .sick else { return Cast.perform(tasks: 2, threads: 1) }
        Task(name: "holder", executorPreference: above) {
            await desk.take(lock, Witness.enter("holder"))
        }
        await Cast.untilBlocked("holder")
        let visitor = Task(name: "visitor") {
            let me = Witness.enter("visitor")
            me.queues(for: .actor)
            await desk.visit()
            Held.touch()
        }
        Task(name: "waiter") {
            let me = Witness.enter("waiter")
            me.rests(.task)
            await visitor.value
            Held.touch()
        }
        Cast.perform(tasks: 5, threads: 2) {
            [
                Judgement(
                    kind: "actor-blocked",
                    subjects: [
                        .actor(desk), .task("holder"), .lock(lock.address), .thread("owner"),
                    ],
                    affected: [.task("visitor"), .task("waiter")], besides: ["lock-held"])
            ]
        }
    }

    /// The same, but who has the lock waits for a queue that the actor's task is on.
    static func chainCycle(_ variant: Variant) async {
        let desk = Desk()
        let lock = PthreadLock()
        let queue = DispatchQueue(label: "verdict.chain")
        Kept.keep(desk)
        guard variant == .sick else { return await chain(variant) }
        let above = ThreadExecutor("above", asTask: true)
        Kept.keep(above)
        let meeting = Meeting(of: 2)
        Threads.start("owner") {
            lock.hold {
                meeting.attend()
                Cast.awaitBlocked("holder")
                Cast.blocks("owner", in: SystemCall.futex)
                queue.sync { Held.touch() }
            }
        }
        Task(name: "holder", executorPreference: above) {
            let me = Witness.enter("holder")
            await desk.work {
                queue.sync {
                    meeting.attend()
                    Cast.blocks(me, "holder", in: SystemCall.futex, at: lock.address)
                    lock.hold { Held.touch() }
                }
            }
        }
        await Cast.untilBlocked("holder", "owner")
        Task(name: "visitor") {
            let me = Witness.enter("visitor")
            me.queues(for: .actor)
            await desk.visit()
            Held.touch()
        }
        Cast.perform(tasks: 3, threads: 2) {
            [
                Judgement(
                    kind: "deadlock", subjects: [.thread("holder"), .thread("owner")],
                    affected: [.task("visitor")])
            ]
        }
    }
}
