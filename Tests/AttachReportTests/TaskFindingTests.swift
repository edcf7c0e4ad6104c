import AttachReport
import Testing

/// Findings about tasks that no thread is to blame for.
@Suite struct TaskFindingTests {
    // MARK: lost-continuation

    @Test("A continuation that nothing refers to")
    func lost() {
        let found = diagnosis(tasks: [
            task(3, "lost").isLost(creator: "leak()").at("leak() b.swift:10"), task(4).awaits(3),
            task(5).isHeld(by: .closureContext), task(6).waitsForContinuation(),
        ])
        #expect(found.summary == ["lost-continuation proven"])
        #expect(found.findings[0].subjects == [.task(3)])
        #expect(found.findings[0].affected == [.task(4)])
        #expect(
            found.findings[0].message
                == "task 3 \"lost\" waits for a continuation that nothing in the process refers to "
                + "any more, in leak() at b.swift:10")
        #expect(
            found.findings[0].evidence == [
                "searched 93 MB of memory and the registers of all threads",
                "a checked continuation made in leak()",
            ])
    }

    @Test("One picture may show the middle of a resume: where there can be a second, it is wanted")
    func lostAtASecondLook() {
        let tasks = [task(3).isLost()]
        #expect(diagnosis(tasks: tasks).wantsSecondLook)
        let twice = diagnosis(tasks: tasks, still: .all)
        #expect(twice.summary == ["lost-continuation proven"])
        #expect(twice.wantsSecondLook == false)
        let core = diagnosis(tasks: tasks) { $0.capture.source = .core }
        #expect(core.summary == ["lost-continuation proven"])
        #expect(core.wantsSecondLook == false)
    }

    @Test("Many at one place are one finding")
    func manyLost() {
        let tasks = (1...100).map { task($0).isLost().at("leak() b.swift:10") }
        let found = diagnosis(tasks: tasks + [task(200).isLost().at("other() b.swift:20")])
        #expect(found.findings.map(\.subjects.count).sorted() == [1, 100])
    }

    @Test("What was not read may hold it", arguments: [Gap.Reason.budget, .shortRead, .notStopped])
    func hidden(reason: Gap.Reason) {
        let found = diagnosis(
            tasks: [task(3).isLost()], gaps: [Gap(.memory, reason: reason)])
        #expect(found.summary == ["lost-continuation hint"])
        #expect(found.findings[0].evidence.last == "unsure: memory could not be read whole")
    }

    @Test("A name that is missing hides nothing")
    func irrelevant() {
        let gap = Gap(.symbols(of: "/lib/x.so"), reason: .noSymbols)
        #expect(
            diagnosis(tasks: [task(3).isLost()], gaps: [gap]).summary == [
                "lost-continuation proven"
            ])
    }

    @Test("A task that went on was not lost")
    func found() {
        #expect(diagnosis(tasks: [task(3).isLost()], still: .nothing).findings.isEmpty)
    }

    @Test("A group is stuck behind the one of its children that still runs")
    func slowChild() {
        let children = (2...101).map { $0 == 43 ? task($0).isLost() : task($0).finished() }
        let found = diagnosis(tasks: [task(1).waitsForGroup(of: Array(2...101))] + children)
        #expect(found.findings.map(\.affected) == [[.task(1)]])
        // With another one at work, it may still go on.
        let other = diagnosis(tasks: [
            task(1).waitsForGroup(of: [2, 3]), task(2).isLost(), task(3).sleeps(),
        ])
        #expect(other.findings.map(\.affected) == [[]])
    }

    // MARK: unread-error

    @Test("An error whose task somebody still holds")
    func unread() {
        let failed = task(6).finished(throwing: "Trouble").handles(1).changed {
            $0.result = .error(type: "Trouble", case: "refused")
        }
        let found = diagnosis(tasks: [failed], still: .all)
        #expect(found.summary == ["unread-error hint"])
        #expect(
            found.findings[0].message
                == "task 6 has failed with the error Trouble.refused, and nobody waits for the "
                + "result")
        #expect(found.findings[0].evidence.first == "1 reference to it")
        #expect(found.wantsSecondLook == false)
    }

    @Test(
        "A result that is awaited, and one that nobody can ask for, are no findings",
        arguments: [
            [task(6).finished(throwing: "Boom"), task(7).awaits(6)],
            [task(6).finished(throwing: "Boom").handles(0)],
            [task(6).finished().handles(1)],
        ])
    func read(tasks: [TaskStory]) { #expect(diagnosis(tasks: tasks).findings.isEmpty) }

    @Test("A child's error that its stuck parent cannot take")
    func unreadChild() {
        let children = [task(2).finished(throwing: "Boom"), task(3).isLost()]
        let found = diagnosis(tasks: [task(1).waitsForGroup(of: [2, 3])] + children, still: .all)
        #expect(found.summary == ["lost-continuation proven", "unread-error likely"])
        let well = diagnosis(
            tasks: [
                task(1).waitsForGroup(of: [2, 3]), task(2).finished(throwing: "Boom"),
                task(3).sleeps(),
            ], still: .all)
        #expect(well.summary == ["unread-error hint"])
    }

    // MARK: never-started

    @Test("A task on an executor that runs nothing")
    func neverStarted() {
        let tasks = [
            task(2, "unborn").queued(onExecutorAt: 0x100).at("closure in f() n.swift:4"),
            task(3).awaits(2),
        ]
        let threads = [thread(50).isIdle(), thread(51).waits(.descriptor)]
        let once = diagnosis(tasks: tasks, threads: threads)
        #expect(once.summary == ["never-started hint"])
        #expect(once.wantsSecondLook)
        let twice = diagnosis(tasks: tasks, threads: threads, still: .all)
        #expect(twice.summary == ["never-started likely"])
        #expect(twice.findings[0].subjects == [.task(2), .executor(Address(0x100))])
        #expect(twice.findings[0].affected == [.task(3)])
        #expect(
            twice.findings[0].message
                == "task 2 \"unborn\" has never started: it is queued on executor Own, on which "
                + "nothing runs; it begins in closure in f() at n.swift:4")
        #expect(diagnosis(tasks: tasks, threads: threads, still: .nothing).findings.isEmpty)
        #expect(
            diagnosis(tasks: tasks, threads: threads, still: .after(1, of: 5)).summary == [
                "never-started hint"
            ])
        // A thread that sleeps for a while may take it when it wakes.
        let turns = diagnosis(
            tasks: tasks, threads: threads + [thread(52).sleepsInAll(3)], still: .after(1, of: 1))
        #expect(turns.summary == ["never-started hint"])
        #expect(!turns.wantsSecondLook)
        // Whoever runs may be about to take it.
        let busy = threads + [thread(52).at("spin() n.swift:9")]
        #expect(
            diagnosis(tasks: tasks, threads: busy, still: .all).summary == [
                "never-started hint"
            ])
    }

    @Test("A task that was made and handed to nobody")
    func created() {
        #expect(diagnosis(tasks: [task(2).neverStarted()]).summary == ["never-started hint"])
        #expect(
            diagnosis(tasks: [task(2).neverStarted()], still: .all).summary
                == ["never-started likely"])
    }

    @Test("A task that has begun, and one whose queue is served, are no findings")
    func started() {
        let begun = task(2).queued(onExecutorAt: 0x100).at("f() n.swift:4").changed {
            $0.isAtItsStart = false
        }
        #expect(diagnosis(tasks: [begun], still: .all).findings.isEmpty)
        let fresh = task(2).queued(onExecutorAt: 0x100).at("f() n.swift:4")
        let served = diagnosis(
            tasks: [fresh, task(5).runs(on: 50)], threads: [thread(50).at("w() n.swift:1")],
            actors: [executor("Own", at: 0x100).runs(task: 5, on: 50).queue(2)], still: .all)
        #expect(served.findings.isEmpty)
        #expect(diagnosis(tasks: [task(2).queuedOnPool()], still: .all).findings.isEmpty)
    }

    // MARK: cancelled-still-waiting

    @Test("A cancelled task in a continuation that hears nothing")
    func deaf() {
        let tasks = [task(2, "deaf").isHeld(by: .closureContext).cancelled().at("f() c.swift:2")]
        let once = diagnosis(tasks: tasks)
        #expect(once.summary == ["cancelled-still-waiting hint"])
        // It may end a little later by itself.
        #expect(once.wantsSecondLook)
        #expect(
            diagnosis(tasks: tasks, still: .after(1, of: 5)).summary == [
                "cancelled-still-waiting hint"
            ])
        let twice = diagnosis(tasks: tasks, still: .after(5, of: 5))
        #expect(twice.summary == ["cancelled-still-waiting likely"])
        #expect(twice.findings[0].evidence.last == "unchanged for 5.0 s")
        #expect(
            twice.findings[0].message
                == "task 2 \"deaf\" was cancelled and still waits for a continuation, in f() at "
                + "c.swift:2")
        #expect(diagnosis(tasks: tasks, still: .nothing).findings.isEmpty)
    }

    @Test(
        "A continuation that somebody at work, or asleep for a time, refers to may yet be resumed")
    func deafForNow() {
        func look(_ holder: Holder, _ still: SecondLook = .all) -> [String] {
            diagnosis(
                tasks: [
                    task(2).isHeld(by: holder).cancelled(), task(3).runs(on: 51),
                    task(4).sleeps(), task(5).waitsForContinuation(),
                ],
                threads: [
                    thread(50).sleeps(3_600), thread(51).at("w() c.swift:1").runs(task: 3),
                    thread(52).waits(.semaphore), thread(53).isIdle(),
                ], still: still
            ).summary
        }
        for holder in [
            Holder.stack(thread: 50), .register(thread: 51), .frame(task: 3), .frame(task: 4),
        ] {
            #expect(look(holder) == ["cancelled-still-waiting hint"], "\(holder)")
        }
        for holder in [Holder.stack(thread: 52), .stack(thread: 53), .frame(task: 5), .kernel] {
            #expect(look(holder) == ["cancelled-still-waiting likely"], "\(holder)")
        }
        #expect(
            look(.stack(thread: 52), .only(threads: [], tasks: [2]))
                == ["cancelled-still-waiting hint"])
    }

    @Test("Who waits for a task that nobody has told to stop")
    func deafForTask() {
        let found = diagnosis(
            tasks: [
                task(1).awaits(2).cancelled(), task(2).awaits(3),
                task(3).isHeld(by: .closureContext),
            ],
            still: .all)
        #expect(found.summary == ["cancelled-still-waiting likely"])
        #expect(found.findings[0].subjects == [.task(1)])
    }

    @Test(
        "Who tidies up, is told, sleeps or is not cancelled is well",
        arguments: [
            [task(1).awaits(2).cancelled(), task(2).sleeps()],
            [task(1).awaits(2).cancelled(), task(2).runs(on: 50)],
            [task(1).awaits(2).cancelled(), task(2).queuedOnPool()],
            [task(1).waitsForContinuation().cancelled().hears()],
            [task(1).sleeps().cancelled()],
            [task(1).waitsForStream().cancelled()],
            [task(1).waitsForContinuation()],
            [task(1).waitsForGroup(of: [2]).cancelled(), task(2).sleeps()],
        ])
    func listening(tasks: [TaskStory]) {
        #expect(diagnosis(tasks: tasks, still: .all).findings.isEmpty)
    }

    @Test("The deaf child is to blame, not the group that waits for it")
    func deafChild() {
        let found = diagnosis(
            tasks: [
                task(1).waitsForGroup(of: [2]).cancelled(),
                task(2).waitsForContinuation().cancelled(),
            ], still: .all)
        #expect(found.findings.map(\.subjects) == [[.task(2)]])
        #expect(found.findings.map(\.affected) == [[.task(1)]])
    }

    @Test("What nobody can resume is lost rather than deaf")
    func lostAndCancelled() {
        #expect(
            diagnosis(tasks: [task(2).isLost().cancelled()], still: .all).summary == [
                "lost-continuation proven"
            ])
    }
}
