import AttachReport
import Testing

@Suite struct DeadlockTests {
    private static let (a, b): (UInt64, UInt64) = (0x7F20_0000_0000, 0x7F20_0000_0100)

    @Test(
        "Two threads that want each other's locks, whatever the kind",
        arguments: [ThreadWait.Kind.mutex, .lock, .swiftMutex, .writeLock, .once, .dispatchSync])
    func opposite(kind: ThreadWait.Kind) throws {
        let found = diagnosis(
            tasks: [task(5, "left").runs(on: 50), task(6).awaits(5)],
            threads: [
                thread(50).runs(task: 5).waits(kind, at: Self.b, ownedBy: 51).at(
                    "~__lll_lock_wait libc.so.6", "left() abba.swift:5"),
                thread(51).waits(kind, at: Self.a, ownedBy: 50).at("right() abba.swift:9"),
                thread(52).waits(kind, at: Self.a, ownedBy: 50).at("third() abba.swift:12"),
            ])
        let finding = try #require(found.findings.first)
        #expect(found.summary == ["deadlock proven"])
        let isQueue = kind == .dispatchSync
        let (first, second) = (Address(Self.b), Address(Self.a))
        #expect(
            finding.subjects == [
                .thread(50), isQueue ? .queue(first) : .lock(first), .thread(51),
                isQueue ? .queue(second) : .lock(second),
            ])
        #expect(finding.affected == [.task(5), .task(6), .thread(52)])
        #expect(
            finding.message
                == "thread 50 (runs task 5 \"left\") in left() at abba.swift:5 and thread 51 in "
                + "right() at abba.swift:9 wait for each other")
        #expect(finding.evidence.count == 4)
        #expect(found.wantsSecondLook == false)
    }

    @Test("A lock taken in the right order is no circle")
    func sameOrder() {
        let found = diagnosis(threads: [
            thread(50).waits(.mutex, at: Self.b, ownedBy: 51), thread(51).at("work() a.swift:1"),
        ])
        #expect(found.summary == ["lock-held hint"])
    }

    @Test("A thread that waits for what it has itself")
    func itself() throws {
        let found = diagnosis(
            threads: [
                thread(50).waits(.lock, at: Self.a, ownedBy: 50).at("twice() self.swift:3"),
                thread(51).waits(.lock, at: Self.a, ownedBy: 50),
            ], still: .all)
        let finding = try #require(found.findings.first)
        #expect(found.summary == ["deadlock likely"])
        #expect(
            finding.message
                == "thread 50 waits for an NSLock that it owns itself, in twice() at self.swift:3")
        #expect(finding.subjects == [.thread(50), .lock(Address(Self.a))])
        #expect(finding.affected == [.thread(51)])
    }

    @Test("A recursive lock that its owner waits for was misread")
    func recursive() {
        let found = diagnosis(threads: [
            thread(50).waits(.recursiveLock, at: Self.a, ownedBy: 50)
        ])
        #expect(found.findings.allSatisfy { $0.confidence == .hint })
    }

    @Test("A circle with a time-out opens by itself")
    func timeOut() {
        let found = diagnosis(threads: [
            thread(50).waits(.mutex, at: Self.b, ownedBy: 51),
            thread(51).waits(.mutex, at: Self.a, ownedBy: 50, timeLeft: 5_000_000_000),
        ])
        #expect(found.summary.contains("deadlock hint"))
        #expect(found.findings.allSatisfy { $0.confidence == .hint })
    }

    @Test("A thread that could not be stopped proves nothing")
    func unstopped() throws {
        let found = diagnosis(
            threads: [
                thread(50).waits(.mutex, at: Self.b, ownedBy: 51),
                thread(51).waits(.mutex, at: Self.a, ownedBy: 50),
            ], gaps: [Gap(.thread(51), reason: .notStopped, detail: "in fsync")])
        #expect(found.summary.first == "deadlock hint")
        let finding = try #require(found.findings.first)
        #expect(finding.evidence.last == "unsure: thread 51 could not be stopped (in fsync)")
    }

    @Test("Threads that wait for each other's end")
    func joins() {
        let found = diagnosis(threads: [
            thread(50).waits(.join, ownedBy: 51), thread(51).waits(.join, ownedBy: 52),
            thread(52).waits(.join, ownedBy: 50), thread(53).waits(.join, ownedBy: 50),
        ])
        #expect(found.summary == ["deadlock proven"])
        #expect(found.findings[0].subjects == [.thread(50), .thread(51), .thread(52)])
        #expect(found.findings[0].affected == [.thread(53)])
    }

    @Test("Tasks that await each other, and whoever awaits them")
    func tasks() {
        let found = diagnosis(tasks: [
            task(1).awaits(2).at("bystander() t.swift:1"),
            task(2, "one").awaits(3).at("f() t.swift:2"),
            task(3, "other").awaits(2).at("g() t.swift:3"),
        ])
        #expect(found.summary == ["deadlock proven"])
        #expect(found.findings[0].subjects == [.task(2), .task(3)])
        #expect(found.findings[0].affected == [.task(1)])
        #expect(
            found.findings[0].message
                == "task 2 \"one\" in f() at t.swift:2 and task 3 \"other\" in g() at t.swift:3 wait "
                + "for each other")
    }

    @Test("A task that awaits itself")
    func ownEnd() {
        let found = diagnosis(tasks: [task(7).awaits(7).at("f() t.swift:2")])
        #expect(found.findings.map(\.message) == ["task 7 awaits its own end, in f() at t.swift:2"])
        #expect(found.findings[0].confidence == .proven)
    }

    @Test("A child that awaits its parent, who waits for the group")
    func group() {
        let found = diagnosis(tasks: [
            task(1).waitsForGroup(of: [2, 3]), task(2).awaits(1), task(3).sleeps(),
        ])
        #expect(found.summary == ["deadlock proven"])
        #expect(found.findings[0].subjects.contains(.task(1)))
        #expect(found.findings[0].subjects.contains(.task(2)))
    }

    @Test("Who awaits a task that has just ended is about to go on")
    func ended() {
        let found = diagnosis(tasks: [task(1).awaits(2), task(2).finished()])
        #expect(found.findings.isEmpty)
        #expect(found.edges.isEmpty)
    }

    @Test("A long way, through an actor, to a circle of a lock and a queue")
    func mixed() {
        let bank: UInt64 = 0x7F11_0000_0000
        let found = diagnosis(
            tasks: [
                task(4).awaits(5), task(5).queued(on: "Bank", at: bank), task(6).runs(on: 50),
                task(7).waitsForGroup(of: [4, 8]), task(8).finished(),
            ],
            threads: [
                thread(50).runs(task: 6).waits(.mutex, at: Self.a, ownedBy: 51),
                thread(51).waits(.dispatchSync, at: Self.b, ownedBy: 50, label: "q"),
            ], actors: [actor("Bank", at: bank).runs(task: 6, on: 50).queue(5)])
        #expect(found.summary == ["deadlock proven"])
        #expect(
            found.findings[0].affected
                == [.task(4), .task(5), .task(6), .task(7), .actor(Address(bank))])
    }

    @Test("A chain far longer than the stack is walked")
    func long() {
        let count: UInt64 = 100_000
        let template = task(1).awaits(2).record
        let found = diagnosis { snapshot in
            snapshot.tasks = (1...count).map { id in
                var record = template
                record.id = id
                record.wait = .task(id == count ? 1 : id + 1)
                return record
            }
        }
        #expect(found.summary == ["deadlock proven"])
        #expect(found.findings[0].subjects.count == Int(count))
        #expect(found.edges.count == Int(count))
    }
}
