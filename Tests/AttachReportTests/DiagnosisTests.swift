import Testing

@testable import AttachReport

@Suite struct DiagnosisTests {
    @Test("Every kind of finding is explained", arguments: Finding.Kind.allCases)
    func explained(kind: Finding.Kind) {
        let explanation = Explanation.of(kind)
        #expect(explanation.kind == kind)
        #expect(explanation.label == explanation.label.uppercased())
        #expect(!explanation.advice.isEmpty)
        for text in [explanation.meaning, explanation.makingSure, explanation.mending] {
            #expect(text.count > 100)
            #expect(text.hasSuffix("."))
        }
    }

    @Test("A healthy process has no findings, and no second look is wanted")
    func healthy() {
        let found = Diagnosis(of: Stories.sleepers(600).snapshot)
        #expect(found.findings.isEmpty)
        #expect(found.edges.isEmpty)
        #expect(found.wantsSecondLook == false)
    }

    @Test("Nothing in, nothing out", arguments: [Story.plain, .empty])
    func nothing(story: Story) { #expect(Diagnosis(of: story.report.snapshot).findings.isEmpty) }

    @Test("Equal snapshots have equal diagnoses", arguments: Story.allCases)
    func deterministic(story: Story) {
        let (one, other) = (
            Diagnosis(of: story.report.snapshot), Diagnosis(of: story.report.snapshot)
        )
        #expect(one.findings == other.findings)
        #expect(one.edges == other.edges)
    }

    @Test("The surest first, then what matters most and explains most")
    func order() {
        let lock: UInt64 = 0x7F20_0000_0000
        let found = diagnosis(
            tasks: [
                task(1).finished(throwing: "Boom"), task(2).isLost(), task(3).awaits(2),
                task(4).waitsForContinuation().cancelled(), task(5).awaits(5),
            ],
            threads: [
                thread(50).sleeps(3_600), thread(51).waits(.mutex, at: lock, ownedBy: 50),
            ], still: .all)
        #expect(
            found.summary == [
                "lost-continuation proven", "deadlock proven", "lock-held likely",
                "cancelled-still-waiting likely", "unread-error hint",
            ])
    }

    @Test("Everyone is claimed once")
    func claims() {
        let found = diagnosis(tasks: [
            task(1).isLost().at("a() x.swift:1"), task(2).isLost().at("b() x.swift:2"),
            task(3).awaits(1), task(4).awaits(3), task(5).awaits(2), task(6).awaits(9),
        ])
        #expect(found.findings.map(\.affected) == [[.task(3), .task(4)], [.task(5)]])
    }

    @Test("Every way of waiting is an arrow")
    func edges() {
        let bank: UInt64 = 0x7F11_0000_0000
        let found = diagnosis(
            tasks: [
                task(1).waitsForGroup(of: [2, 3]),
                task(2).isHeld(
                    by: .stack(thread: 52), .closureContext, .frame(task: 4), .register(thread: 52)),
                task(3).finished(), task(4).awaits(2), task(5).runs(on: 50),
                task(6).queued(on: "Bank", at: bank), task(7).queuedOnMainActor(),
                task(8).queuedOnPool(), task(9).awaits(99),
            ],
            threads: [
                thread(50).runs(task: 5).waits(.mutex, at: 0x100, ownedBy: 51),
                thread(51).waits(.join, ownedBy: 52), thread(52).isIdle(),
            ], actors: [actor("Bank", at: bank).runs(task: 5, on: 50).queue(6)])
        let group = Subject.group(Address(0x7F00_0000_0300))
        let arrows = found.edges.map { "\($0.from) \($0.kind.rawValue) \($0.to)" }
        func arrow(_ from: Subject, _ kind: Edge.Kind, _ to: Subject) -> String {
            "\(from) \(kind.rawValue) \(to)"
        }
        let expected = [
            arrow(.task(1), .hasChild, group), arrow(group, .hasChild, .task(2)),
            arrow(.task(2), .suspendedIn, .continuation(of: 2)),
            arrow(.continuation(of: 2), .resumableBy, .thread(52)),
            arrow(.continuation(of: 2), .resumableBy, .task(4)),
            arrow(.task(4), .awaits, .task(2)), arrow(.task(5), .runsOn, .thread(50)),
            arrow(.task(6), .queuedOn, .actor(Address(bank))),
            arrow(.task(7), .queuedOn, .mainActor), arrow(.task(8), .queuedOn, .globalExecutor),
            arrow(.task(9), .awaits, .task(99)),
            arrow(.actor(Address(bank)), .heldBy, .task(5)),
            arrow(.thread(50), .waitsFor, .lock(Address(0x100))),
            arrow(.lock(Address(0x100)), .ownedBy, .thread(51)),
            arrow(.thread(51), .joins, .thread(52)),
        ]
        #expect(Set(arrows) == Set(expected))
        #expect(arrows.count == expected.count)
        #expect(found.edges.allSatisfy { !$0.evidence.phrase.isEmpty })
    }

    @Test("A resumed task is queued where the queues say")
    func resumed() {
        let found = diagnosis(
            tasks: [task(5).awaits(6).changed { $0.state = .enqueued }, task(6).finished()],
            actors: [actor("Bank", at: 0x100).isScheduled().queue(5)])
        #expect(found.edges.map(\.kind).contains(.queuedOn))
    }

    @Test("Each arrow is followed once, however many are stuck", arguments: [1_000, 100_000])
    func cost(count: Int) {
        let bank: UInt64 = 0x7F11_0000_0000
        let template = task(1).queued(on: "Bank", at: bank).record
        let found = diagnosis(
            threads: [thread(50).runs(task: 1).sleeps(3_600)],
            actors: [actor("Bank", at: bank).runs(task: 1, on: 50)]
        ) { snapshot in
            snapshot.tasks =
                [task(1).runs(on: 50).record]
                + (2...UInt64(count)).map { id in
                    var record = template
                    record.id = id
                    // Half of them await their neighbours.
                    if id % 2 == 0 {
                        record.state = .suspended
                        record.wait = .task(id + 1)
                    }
                    return record
                }
        }
        #expect(found.findings.map(\.affected.count) == [count - 2])
        #expect(found.cost <= found.edges.count)
    }

    @Test("Records that lie: equal ids, circles of everything, what is not there")
    func hostile() {
        let zero = Address(0)
        let found = diagnosis(
            tasks: [
                task(1).awaits(1), task(1).awaits(2), task(2).runs(on: 50), task(2).runs(on: 51),
                task(3).waitsForGroup(of: [3, 3, 77]),
            ],
            threads: [
                thread(50).waits(.mutex, at: 0, ownedBy: 50), thread(50).waits(.join, ownedBy: 50),
                thread(51).waits(.mutex, at: 0, ownedBy: -1, timeLeft: .min),
                thread(52).waits(.join, ownedBy: 999, timeLeft: .max),
            ],
            actors: [
                actor(nil, at: 0).runs(task: 2, on: 50).queue(1, 1, 2),
                actor(nil, at: 0).runs(task: 99, on: 99),
            ], still: .all
        ) {
            $0.groups.append(
                GroupRecord(
                    address: zero, owner: 0, isDiscarding: nil, isCancelled: true, pending: .max,
                    children: [1, 1, 2, 3]))
        }
        #expect(found.findings.first?.kind == .deadlock)
    }
}
