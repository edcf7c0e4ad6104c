import AttachReport
import Testing

/// Actors, the main actor and the pool that stand still because a thread does.
@Suite struct BlockedTests {
    private static let bank: UInt64 = 0x7F11_0000_0000
    private static let lock: UInt64 = 0x7F20_0000_0000

    /// Task 5 is on the bank, on thread 50; tasks 8 and 9 queue, and task 10 awaits 9.
    private static func bank(
        _ holder: ThreadStory, others: [ThreadStory] = [], still: SecondLook = .none,
        queued: Bool = true, gaps: [Gap] = [], change: (inout Snapshot) -> Void = { _ in }
    ) -> Told {
        var tasks = [task(5, "blocker").runs(on: 50)]
        if queued {
            tasks += [
                task(8, "withdraw").queued(on: "Bank", at: bank),
                task(9).queued(on: "Bank", at: bank), task(10).awaits(9),
            ]
        }
        let record = actor("Bank", at: bank).runs(task: 5, on: 50)
        return diagnosis(
            tasks: tasks, threads: [holder.runs(task: 5)] + others,
            actors: [queued ? record.queue(8, 9) : record], gaps: gaps, still: still,
            change: change)
    }

    private static var atSemaphore: ThreadStory {
        thread(50).waits(.dispatchSemaphore).at(
            "~futex libc.so.6", "DispatchSemaphore.wait() libdispatch.so",
            "Bank.block() bank.swift:6")
    }

    // MARK: Actors

    @Test("A long sleep on an actor is a blocked actor once it was watched")
    func sleep() throws {
        let sleeper = thread(50).sleeps(3_600).at("Bank.block() bank.swift:6")
        #expect(Self.bank(sleeper).summary == ["actor-blocked hint"])
        #expect(Self.bank(sleeper).wantsSecondLook)
        let found = Self.bank(sleeper, still: .after(5, of: 5))
        #expect(found.findings[0].evidence.last == "unchanged for 5.0 s")
        #expect(found.findings[0].unchanged == 5_000_000_000)
        #expect(found.summary == ["actor-blocked likely"])
        let finding = try #require(found.findings.first)
        #expect(finding.subjects == [.actor(Address(Self.bank)), .task(5), .thread(50)])
        #expect(finding.affected == [.task(8), .task(9), .task(10)])
        #expect(
            finding.message
                == "actor Bank is blocked: task 5 \"blocker\" occupies it on thread 50, and sleeps "
                + "(1 h 0 min more) in Bank.block() at bank.swift:6")
        #expect(found.wantsSecondLook == false)
    }

    @Test("Standing still counts only after as long as was asked")
    func patience() {
        let early = Self.bank(Self.atSemaphore, still: .after(3, of: 5))
        #expect(early.summary == ["actor-blocked hint"])
        #expect(early.wantsSecondLook)
        #expect(early.findings[0].unchanged == nil)
        let core = Self.bank(Self.atSemaphore, still: .after(3, of: 5)) {
            $0.capture.source = .core
        }
        #expect(core.summary == ["actor-blocked hint"] && !core.wantsSecondLook)
        #expect(
            Self.bank(Self.atSemaphore, still: .after(5, of: 5)) { $0.capture.source = .core }
                .summary == ["actor-blocked likely"])
    }

    /// Seconds that a sleep lasts, for which it was watched, and what is to be said.
    @Test(
        "A sleep that ends soon, and not within the watching, is no more than a hint",
        arguments: [
            (3, 1, "hint"), (60, 5, "hint"), (61, 5, "likely"), (3_600, 1, "likely"),
            // It should have ended, and has not.
            (1, 5, "likely"),
        ])
    func sleepThatEnds(_ length: Int64, _ watched: Int64, _ confidence: String) {
        let still = SecondLook.after(watched, of: watched)
        let left = Self.bank(thread(50).sleeps(length), still: still)
        #expect(left.summary == ["actor-blocked \(confidence)"])
        #expect(!left.wantsSecondLook)
        // The same where only the whole length is known.
        let whole = Self.bank(thread(50).sleepsInAll(length).at("nap() a.swift:1"), still: still)
        #expect(whole.summary == ["actor-blocked \(confidence)"])
        #expect(
            whole.findings[0].evidence[0].hasPrefix(
                "thread 50 (runs task 5 \"blocker\") sleeps for "))
    }

    @Test("Another wait with a time-out is no part of a design for as long")
    func timeout() {
        func look(_ seconds: Int64) -> [String] {
            Self.bank(
                thread(50).waits(.dispatchSemaphore, timeLeft: seconds * 1_000_000_000),
                still: .after(1, of: 1)
            ).summary
        }
        #expect(look(3) == ["actor-blocked hint"])
        #expect(look(30) == ["actor-blocked likely"])
    }

    @Test("Anything else is a hint, until a second look")
    func semaphore() {
        let once = Self.bank(Self.atSemaphore)
        #expect(once.summary == ["actor-blocked hint"])
        #expect(once.wantsSecondLook)
        let twice = Self.bank(Self.atSemaphore, still: .all)
        #expect(twice.summary == ["actor-blocked likely"])
        #expect(twice.wantsSecondLook == false)
        let moved = Self.bank(Self.atSemaphore, still: .nothing)
        #expect(moved.findings.isEmpty)
        #expect(
            Self.bank(thread(50).sleeps(1).at("nap() a.swift:1")).summary == [
                "actor-blocked hint"
            ])
    }

    @Test("Nothing moves in a process that job control has stopped, which shows nothing")
    func stopped() {
        let found = Self.bank(Self.atSemaphore, still: .all) { $0.capture.wasJobStopped = true }
        #expect(found.summary == ["actor-blocked hint"])
        #expect(found.wantsSecondLook == false)
    }

    @Test("A core file cannot be looked at twice")
    func core() {
        #expect(Self.bank(Self.atSemaphore) { $0.capture.source = .core }.wantsSecondLook == false)
    }

    @Test(
        "An actor that is computing, idle, or that nobody waits for is well",
        arguments: [
            bank(thread(50).at("work() a.swift:1"), still: .all),
            bank(thread(50).isIdle(), still: .all),
            bank(atSemaphore, still: .all, queued: false),
        ])
    func healthy(found: Told) { #expect(found.findings.isEmpty) }

    @Test("A suspended task does not hold its actor")
    func reentrant() {
        let found = diagnosis(
            tasks: [
                task(5).isHeld(by: .closureContext), task(8).queued(on: "Bank", at: Self.bank),
            ],
            threads: [thread(50).isIdle().ofPool()],
            actors: [actor("Bank", at: Self.bank).isScheduled().queue(8)], still: .all)
        #expect(found.findings.isEmpty)
    }

    @Test("A chain is told to its end")
    func chain() throws {
        let found = Self.bank(
            thread(50).waits(.mutex, at: Self.lock, ownedBy: 51).at("Bank.take() bank.swift:7"),
            others: [thread(51).sleeps(3_600).at("hold() bank.swift:30")], still: .all)
        #expect(found.summary == ["actor-blocked likely"])
        let finding = try #require(found.findings.first)
        #expect(
            finding.subjects == [
                .actor(Address(Self.bank)), .task(5), .thread(50), .lock(Address(Self.lock)),
                .thread(51),
            ])
        #expect(finding.affected == [.task(8), .task(9), .task(10)])
        #expect(
            finding.message
                == "actor Bank is blocked: task 5 \"blocker\" occupies it on thread 50, and waits for "
                + "a mutex in Bank.take() at bank.swift:7 that thread 51 owns, which sleeps "
                + "(1 h 0 min more) in hold() at bank.swift:30")
    }

    @Test("Where several threads want the lock, the lock is the trouble")
    func sharedLock() throws {
        let found = Self.bank(
            thread(50).waits(.mutex, at: Self.lock, ownedBy: 51),
            others: [
                thread(51).waits(.condition).at("hold() bank.swift:30"),
                thread(52).waits(.mutex, at: Self.lock, ownedBy: 51),
            ], still: .all)
        #expect(found.summary == ["lock-held likely"])
        let finding = try #require(found.findings.first)
        #expect(finding.subjects == [.thread(51), .lock(Address(Self.lock))])
        #expect(
            finding.affected == [
                .task(5), .task(8), .task(9), .task(10), .thread(50), .thread(52),
                .actor(Address(Self.bank)),
            ])
    }

    @Test("Two actors that block on each other's answers are two findings")
    func eachOther() {
        let other: UInt64 = 0x7F11_0000_1000
        let found = diagnosis(
            tasks: [
                task(1).runs(on: 50), task(2).runs(on: 51),
                task(3).queued(on: "Desk", at: Self.bank),
                task(4).queued(on: "Desk", at: other),
            ],
            threads: [
                thread(50).runs(task: 1).waits(.dispatchSemaphore).at("f() a.swift:1"),
                thread(51).runs(task: 2).waits(.dispatchSemaphore).at("f() a.swift:1"),
            ],
            actors: [
                actor("Desk", at: Self.bank).runs(task: 1, on: 50).queue(3),
                actor("Desk", at: other).runs(task: 2, on: 51).queue(4),
            ], still: .all)
        #expect(found.summary == ["actor-blocked likely", "actor-blocked likely"])
        #expect(found.findings.map(\.affected) == [[.task(3)], [.task(4)]])
        // Two of a type are told apart.
        #expect(found.findings[0].message.hasPrefix("actor Desk at 0x7f1100000000 is blocked"))
    }

    @Test("An executor of the program's own; a task executor may have more threads")
    func executors() {
        func look(_ kind: ActorRecord.Kind, _ still: SecondLook) -> [String] {
            diagnosis(
                tasks: [task(5).runs(on: 50), task(8).queued(onExecutorAt: 0x100)],
                threads: [thread(50).runs(task: 5).sleeps(3_600)],
                actors: [executor("Own", at: 0x100, kind).runs(task: 5, on: 50).queue(8)],
                still: still
            ).summary
        }
        #expect(look(.customExecutor, .none) == ["actor-blocked hint"])
        #expect(look(.customExecutor, .all) == ["actor-blocked likely"])
        #expect(look(.taskExecutor, .none) == ["actor-blocked hint"])
        #expect(look(.taskExecutor, .all) == ["actor-blocked likely"])
        #expect(look(.taskExecutor, .only(threads: [50], tasks: [])) == ["actor-blocked hint"])
    }

    @Test("A thread that could not be stopped lowers the verdict")
    func unstopped() {
        let found = Self.bank(
            Self.atSemaphore, still: .all, gaps: [Gap(.thread(50), reason: .notStopped)])
        #expect(found.summary == ["actor-blocked hint"])
    }

    // MARK: The main actor

    private static func main(
        _ server: ThreadStory, _ record: ActorStory?, still: SecondLook = .all
    ) -> Told {
        diagnosis(
            tasks: [task(1, "main").runs(on: nil), task(8).queuedOnMainActor(), task(9).awaits(8)],
            threads: [server], actors: record.map { [$0] } ?? [], still: still)
    }

    @Test("The main actor's job sits in a read")
    func mainReads() throws {
        let server = thread(4242).runs(task: 1).waits(.descriptor).at("main() m.swift:3")
        let found = Self.main(server, mainActor().runs(task: 1, on: 4242).queue(8))
        #expect(found.summary == ["main-actor-blocked likely"])
        #expect(found.findings[0].subjects == [.mainActor, .task(1), .thread(4242)])
        #expect(found.findings[0].affected == [.task(8), .task(9)])
        #expect(found.findings[0].message.hasPrefix("the main actor is blocked: task 1 \"main\""))
    }

    @Test("The main thread waits for tasks that need it")
    func mainWaits() {
        let server = thread(4242).waits(.dispatchSemaphore).at("main m.swift:3")
        #expect(Self.main(server, nil).summary == ["main-actor-blocked likely"])
        #expect(Self.main(server, mainActor().queue(8)).summary == ["main-actor-blocked likely"])
        #expect(Self.main(server, nil, still: .none).summary == ["main-actor-blocked hint"])
    }

    @Test("A main thread that serves its queue, or gave it away, is well")
    func mainServes() {
        let server = thread(4242).waits(.descriptor).at("epoll_wait libc.so.6").serves(.mainQueue)
        #expect(Self.main(server, mainActor().queue(8)).findings.isEmpty)
        #expect(Self.main(thread(4242).isIdle().at("f() a.swift:1"), nil).findings.isEmpty)
        // A loop of another kind does not serve the main queue.
        let loop = thread(4242).waits(.descriptor).at("write libc.so.6").serves(.eventLoop)
        #expect(Self.main(loop, mainActor().queue(8)).summary == ["main-actor-blocked likely"])
        // Without a stack nothing is known.
        #expect(Self.main(thread(4242).waits(.semaphore), nil).findings.isEmpty)
    }

    // MARK: The pool

    private static func pool(
        _ threads: [ThreadStory], still: SecondLook = .all, actors: [ActorStory] = [],
        more: [TaskStory] = []
    ) -> Told {
        diagnosis(
            tasks: [task(1).runs(on: 50), task(2).runs(on: 51), task(3).queuedOnPool()] + more,
            threads: threads, actors: actors, still: still)
    }

    private static func stuck(_ id: Int32, _ task: UInt64) -> ThreadStory {
        thread(id).runs(task: task).waits(.dispatchSemaphore).at("pass(_:) p.swift:4").ofPool()
    }

    @Test("All workers wait, and so does a job")
    func starved() {
        let workers = [Self.stuck(50, 1), Self.stuck(51, 2), thread(60).isIdle()]
        let found = Self.pool(workers)
        #expect(found.summary == ["pool-starved likely"])
        #expect(found.findings[0].subjects == [.globalExecutor, .thread(50), .thread(51)])
        #expect(found.findings[0].affected == [.task(1), .task(2), .task(3)])
        #expect(found.findings[0].evidence.first == "2 of 2 workers are blocked")
        #expect(Self.pool(workers, still: .none).summary == ["pool-starved hint"])
        #expect(Self.pool(workers, still: .none).wantsSecondLook)
        #expect(Self.pool(workers, still: .nothing).findings.isEmpty)
        // The queue moved on, though the threads did not.
        #expect(Self.pool(workers, still: .only(threads: [50, 51], tasks: [])).findings.isEmpty)
    }

    @Test("A pool that is full has threads that idle beside it; but nobody takes its jobs")
    func full() {
        let workers = [Self.stuck(50, 1), Self.stuck(51, 2), thread(52).isIdle().ofPool()]
        let found = Self.pool(workers)
        #expect(found.summary == ["pool-starved likely"])
        #expect(found.findings[0].subjects == [.globalExecutor, .thread(50), .thread(51)])
        #expect(Self.pool(workers, still: .none).summary == ["pool-starved hint"])
        #expect(Self.pool(workers, still: .none).wantsSecondLook)
        // The idle one woke up, or the job was taken.
        #expect(Self.pool(workers, still: .only(threads: [50, 51], tasks: [3])).findings.isEmpty)
        #expect(
            Self.pool(workers, still: .only(threads: [50, 51, 52], tasks: [])).findings.isEmpty)
    }

    @Test("A worker that works, and there is no trouble")
    func fed() {
        #expect(
            Self.pool([Self.stuck(50, 1), thread(51).at("w() p.swift:1").ofPool()]).findings.isEmpty
        )
        let idle = diagnosis(
            tasks: [task(1).runs(on: 50)], threads: [Self.stuck(50, 1)], still: .all)
        #expect(idle.findings.isEmpty)
    }

    @Test("An actor that stands still because the pool does is counted there")
    func starvedActors() {
        let workers = [Self.stuck(50, 1), Self.stuck(51, 2)]
        let found = Self.pool(
            workers,
            actors: [
                actor("Bank", at: Self.bank).runs(task: 1, on: 50).queue(8),
                actor("Idle", at: 0x7F11_0000_2000).isScheduled().queue(9),
            ],
            more: [
                task(8).queued(on: "Bank", at: Self.bank),
                task(9).queued(on: "Idle", at: 0x7F11_0000_2000),
            ])
        #expect(found.summary == ["pool-starved likely"])
        #expect(
            found.findings[0].affected == [
                .task(1), .task(2), .task(3), .task(8), .task(9), .actor(Address(Self.bank)),
                .actor(Address(0x7F11_0000_2000)),
            ])
    }

    @Test("If one lock has stopped the whole pool, the lock is the trouble")
    func starvedByLock() {
        let found = Self.pool([
            thread(50).runs(task: 1).waits(.mutex, at: Self.lock, ownedBy: 60).ofPool(),
            thread(51).runs(task: 2).waits(.mutex, at: Self.lock, ownedBy: 60).ofPool(),
            thread(60).sleeps(3_600).at("hold() p.swift:9"),
        ])
        #expect(found.summary == ["lock-held likely"])
        #expect(
            found.findings[0].affected
                == [.task(1), .task(2), .task(3), .thread(50), .thread(51), .globalExecutor])
    }
}
