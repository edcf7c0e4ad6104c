import Dispatch
import Glibc
import VerdictKernel

/// Actors and executors that somebody keeps to himself, the main actor among them, and the pool.
enum Actors {
    static let stories: [String: Verdict.Story] = [
        "actor-sleep": { await asleep($0) },
        "actor-lock": { await atLock($0) },
        "actor-semaphore": { await atSemaphore($0) },
        "actors-each-other": { await eachOther($0) },
        "executor-blocked": { await executorBlocked($0) },
        "main-read": { await mainReads($0, early: false) },
        "main-read-early": { await mainReads($0, early: true) },
        "pool-starved": { await poolStarved($0) },
    ]

    /// `count` tasks that come to the desk while it is taken.
    static func queue(_ count: Int, at desk: Desk) {
        for number in 1...count {
            Task(name: "visitor-\(number)") {
                let me = Witness.enter("visitor-\(number)")
                me.queues(for: .actor)
                await desk.visit()
                Held.touch()
            }
        }
    }

    static let visitors: [Subject] = [.task("visitor-1"), .task("visitor-2"), .task("visitor-3")]

    /// Tasks that are at the desk, or queue for it, all the time.
    static func keepBusy(_ desk: Desk, _ work: @escaping @Sendable () -> Void) {
        for number in 1...4 {
            Task(name: "busy-\(number)") {
                let me = Witness.enter("busy-\(number)")
                me.keepsBusy()
                while true {
                    await desk.work(work)
                    Cast.turn()
                }
            }
        }
    }

    // MARK: Its own thread sleeps.

    static func asleep(_ variant: Variant) async {
        let desk = Desk()
        Kept.keep(desk)
        switch variant {
        case .sick:
            Task(name: "holder") { await desk.sleep(Witness.enter("holder")) }
            await Cast.untilBlocked("holder")
            queue(3, at: desk)
            Cast.perform(tasks: 5, threads: 1) {
                [
                    Judgement(
                        kind: "actor-blocked",
                        subjects: [.actor(desk), .task("holder"), .thread("holder")],
                        affected: visitors)
                ]
            }
        case .healthy:
            // One that sleeps as it should, while others come and go; one that blocks, where
            // nobody waits.
            Task(name: "resting") { await desk.rest(Witness.enter("resting")) }
            let other = Desk()
            Kept.keep(other)
            Task(name: "holder") { await other.sleep(Witness.enter("holder")) }
            await Cast.untilBlocked("holder")
            await desk.visit()
            Cast.perform(tasks: 3, threads: 1)
        case .busy:
            keepBusy(desk) { usleep(1000) }
            Cast.perform(tasks: 5, moving: true)
        }
    }

    // MARK: It waits for a lock.

    static func atLock(_ variant: Variant) async {
        let desk = Desk()
        let lock = PthreadLock()
        Kept.keep(desk)
        switch variant {
        case .sick, .healthy:
            Threads.start("owner") {
                lock.take()
                Cast.blocks("owner", in: SystemCall.clockNanosleep)
                while true { usleep(1_000_000_000) }
            }
            await Cast.untilBlocked("owner")
            if variant == .healthy {
                // The lock is taken, and nobody wants it.
                await desk.visit()
                return Cast.perform(tasks: 1, threads: 1)
            }
            Task(name: "holder") { await desk.take(lock, Witness.enter("holder")) }
            await Cast.untilBlocked("holder")
            queue(3, at: desk)
            Cast.perform(tasks: 5, threads: 2) {
                [
                    Judgement(
                        kind: "actor-blocked",
                        subjects: [
                            .actor(desk), .task("holder"), .thread("owner"), .lock(lock.address),
                        ],
                        affected: visitors, besides: ["lock-held"])
                ]
            }
        case .busy:
            Threads.start("owner") {
                while true {
                    lock.hold { usleep(500) }
                    usleep(100)
                }
            }
            keepBusy(desk) { lock.hold { usleep(500) } }
            Cast.perform(tasks: 5, moving: true)
        }
    }

    // MARK: It waits for a semaphore, which nobody owns.

    static func atSemaphore(_ variant: Variant) async {
        let desk = Desk()
        let semaphore = DispatchSemaphore(value: 0)
        Kept.keep(desk)
        switch variant {
        case .sick:
            Task(name: "holder") { await desk.wait(semaphore, Witness.enter("holder")) }
            await Cast.untilBlocked("holder")
            queue(3, at: desk)
            Cast.perform(tasks: 5, threads: 1) {
                [
                    Judgement(
                        kind: "actor-blocked",
                        subjects: [.actor(desk), .task("holder"), .thread("holder")],
                        affected: visitors)
                ]
            }
        case .healthy:
            // A thread that waits for work at a semaphore, as threads do.
            Threads.start("worker") {
                Cast.blocks("worker", in: SystemCall.futex)
                semaphore.wait()
            }
            await Cast.untilBlocked("worker")
            await desk.visit()
            Cast.perform(tasks: 1, threads: 1)
        case .busy:
            Threads.start("giver") {
                while true {
                    usleep(500)
                    semaphore.signal()
                }
            }
            keepBusy(desk) { semaphore.wait() }
            Cast.perform(tasks: 5, moving: true)
        }
    }

    // MARK: Two actors, each of which blocks until the other has answered.

    static func eachOther(_ variant: Variant) async {
        let (left, right) = (Desk(), Desk())
        Kept.keep(left)
        Kept.keep(right)
        guard variant != .busy else {
            keepBusy(left) { usleep(300) }
            Task(name: "across") {
                let me = Witness.enter("across")
                me.keepsBusy()
                while true { await left.ask(right) }
            }
            return Cast.perform(tasks: 6, moving: true)
        }
        let meeting = Meeting(of: 2)
        for (name, own, other) in [("left", left, right), ("right", right, left)] {
            let executor = ThreadExecutor(name, asTask: true)
            Kept.keep(executor)
            Task(name: name, executorPreference: executor) {
                let me = Witness.enter(name)
                if variant == .sick {
                    await own.block(until: other, name, meeting, me)
                } else {
                    await own.askProperly(other, me)
                }
                Held.touch()
            }
        }
        guard variant == .sick else { return Cast.perform(tasks: 3) }
        Cast.perform(tasks: 5, threads: 2) {
            [
                Judgement(
                    kind: "actor-blocked",
                    subjects: [.actor(left), .task("left"), .thread("left")],
                    affected: [.task("right-asks")], besides: ["deadlock"]),
                Judgement(
                    kind: "actor-blocked",
                    subjects: [.actor(right), .task("right"), .thread("right")],
                    affected: [.task("left-asks")], besides: ["deadlock"]),
            ]
        }
    }

    // MARK: An executor of one's own, whose thread is kept.

    static func executorBlocked(_ variant: Variant) async {
        let executor = ThreadExecutor("executor", asTask: true)
        Kept.keep(executor)
        guard variant != .busy else {
            for number in 1...4 {
                Task(name: "busy-\(number)", executorPreference: executor) {
                    let me = Witness.enter("busy-\(number)")
                    me.keepsBusy()
                    while true {
                        usleep(1000)
                        Cast.turn()
                        await Task.yield()
                    }
                }
            }
            return Cast.perform(tasks: 5, moving: true)
        }
        Task(name: "holder", executorPreference: executor) {
            let me = Witness.enter("holder")
            Cast.blocks(me, "holder", in: SystemCall.clockNanosleep)
            while true { usleep(1_000_000_000) }
        }
        await Cast.untilBlocked("holder")
        guard variant == .sick else { return Cast.perform(tasks: 2, threads: 1) }
        for number in 1...2 {
            let queued = Task(name: "queued-\(number)", executorPreference: executor) {
                Held.touch()
            }
            Kept.keep(queued)
            Witness.enter("queued-\(number)", of: queued, .enqueued, wait: .executor)
        }
        Cast.perform(tasks: 4, threads: 1) {
            [
                Judgement(
                    kind: "actor-blocked",
                    subjects: [.executor(executor), .task("holder"), .thread("holder")],
                    affected: [.task("queued-1"), .task("queued-2")], besides: ["never-started"])
            ]
        }
    }

    // MARK: The main actor reads from a pipe.

    @MainActor
    static func mainReads(_ variant: Variant, early: Bool) async {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { Fixture.fail("pipe") }
        let (input, output) = (ends[0], ends[1])
        if !early { await Task.yield() }
        if variant == .busy {
            Threads.start("writer") {
                while true {
                    _ = write(output, "x", 1)
                    usleep(1000)
                }
            }
            for number in 1...3 {
                Task(name: "busy-\(number)") { @MainActor in
                    let me = Witness.enter("busy-\(number)")
                    me.keepsBusy()
                    while true {
                        receive(input)
                        Cast.turn()
                        await Task.yield()
                    }
                }
            }
            return Cast.perform(tasks: 4, moving: true)
        }
        if variant == .sick {
            let asked = Task(name: "asked") { @MainActor in Held.touch() }
            Kept.keep(asked)
            Witness.enter("asked", of: asked, .enqueued, wait: .mainActor)
            Task.detached(name: "asker") {
                let me = Witness.enter("asker")
                me.queues(for: .mainActor)
                await MainActor.run { Held.touch() }
            }
            Task.detached(name: "waiter") {
                let me = Witness.enter("waiter")
                me.rests(.task)
                await asked.value
                Held.touch()
            }
            Cast.perform(tasks: 4, threads: 1) {
                [
                    Judgement(
                        kind: "main-actor-blocked",
                        subjects: [.mainActor, .task("main"), .thread("main")],
                        affected: [.task("asked"), .task("asker"), .task("waiter")])
                ]
            }
        } else {
            Cast.perform(tasks: 1, threads: 1)
        }
        let me = Witness.enter("main")
        Cast.blocks(me, "main", in: SystemCall.read)
        while true { receive(input) }
    }

    static func receive(_ input: Int32) {
        var byte: UInt8 = 0
        _ = read(input, &byte, 1)
    }

    // MARK: Every thread of the pool waits for a semaphore.

    @MainActor
    static func poolStarved(_ variant: Variant) async {
        let semaphore = DispatchSemaphore(value: 0)
        guard variant == .sick else {
            // As wide as the pool and more, and all of it blocked at most times: but it moves.
            Threads.start("giver") {
                while true {
                    usleep(variant == .busy ? 300 : 1_000_000)
                    semaphore.signal()
                }
            }
            guard variant == .busy else { return Cast.perform(tasks: 1) }
            for number in 1...20 {
                Task.detached(name: "busy-\(number)") {
                    let me = Witness.enter("busy-\(number)")
                    me.keepsBusy()
                    while true {
                        pass(semaphore)
                        Cast.turn()
                        await Task.yield()
                    }
                }
            }
            return Cast.perform(tasks: 21, moving: true)
        }
        let width = Int(kernel_processors())
        for number in 1...width {
            Task.detached(name: "stuck-\(number)") {
                let me = Witness.enter("stuck-\(number)")
                Cast.blocks(me, "stuck-\(number)", in: SystemCall.futex)
                pass(semaphore)
            }
        }
        // Who waits in the pool would wait for ever, even the main actor, if it yields.
        Threads.start("director") {
            while !Cast.areBlocked((1...width).map { "stuck-\($0)" }) { usleep(1000) }
            for number in 1...3 {
                let queued = Task.detached(name: "queued-\(number)") { Held.touch() }
                Kept.keep(queued)
                Witness.enter("queued-\(number)", of: queued, .enqueued, wait: .globalExecutor)
            }
        }
        Cast.perform(tasks: width + 4, threads: width) {
            [
                Judgement(
                    kind: "pool-starved", subjects: [.globalExecutor],
                    affected: [.task("queued-1"), .task("queued-2"), .task("queued-3")])
            ]
        }
    }

    static func pass(_ semaphore: DispatchSemaphore) { semaphore.wait() }
}
