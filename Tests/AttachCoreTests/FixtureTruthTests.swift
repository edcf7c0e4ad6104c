import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// What a fixture says of itself against what is found from outside.
@Suite(.timeLimit(.minutes(15)))
struct FixtureTruthTests {
    static let fixtures = [
        "Bank", "Depth", "Structure", "Isolation", "Waits", "Shapes", "Running",
        "AsyncFramePointer", "ZombieLeader",
    ]

    @Test(arguments: fixtures, Fixture.Mode.compiled)
    func everyTaskIsAsItSaysItself(_ name: String, _ mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        let snapshot = try snapshot(of: fixture.pid)
        // A task that never rests may be seen between two threads, which is then said.
        let busy = fixture.facts("task").filter { $0["busy"] as? Bool == true }
            .compactMap { $0["id"] as? Int }
        expectComplete(snapshot, exceptOf: busy.map { "task \($0)" })
        #expect(snapshot.tasks.count == fixture.number("tasks"))
        if let helpers = fixture.number("helpers") {
            #expect(snapshot.coverage.helpersFolded == helpers)
        }
        let byID = Dictionary(
            snapshot.tasks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for fact in fixture.facts("task") where fact["busy"] as? Bool != true {
            let truth = TaskTruth(fact, mode: mode, fixture: name)
            guard let task = byID[truth.id] else {
                Issue.record("task \(truth.id) was not found")
                continue
            }
            for difference in truth.differences(from: task) {
                Issue.record("task \(truth.id) \(truth.name ?? ""): \(difference)")
            }
        }
    }

    @Test(
        arguments: ["Shapes", "Running", "NativeThreads", "NoSwift", "NoTasks", "ZombieLeader"],
        Fixture.Mode.compiled)
    func everyThreadIsAsItSaysItself(_ name: String, _ mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        // The thread that says "ready" is on its way to rest then.
        if name == "NoTasks" {
            try fixture.child.waitUntil(state: "S")
        }
        let snapshot = try snapshot(of: fixture.pid)
        if let count = fixture.number("threads") { #expect(snapshot.threads.count == count) }
        for fact in fixture.facts("thread") {
            guard let id = fact["tid"] as? Int,
                let thread = snapshot.threads.first(where: { $0.id == id })
            else {
                if fact["state"] as? String != "Z" { Issue.record("thread \(fact) is missing") }
                continue
            }
            if let name = fact["name"] as? String, fact["nameBytes"] == nil {
                #expect(thread.name == name)
            }
            if let number = fact["syscall"] as? Int {
                #expect(thread.systemCall?.number == number, "thread \(id) \(thread.name)")
            }
            let functions = thread.frames.compactMap(\.plainName)
            if let stack = fact["stack"] as? [String], !isSubsequence(stack, of: functions) {
                Issue.record("thread \(id) \(thread.name): \(stack) is not within \(functions)")
            }
        }
    }

    /// Nothing but data tells where tasks are, what they are called and what they wait for.
    @Test(arguments: ["Structure", "Isolation"], [Fixture.Mode.static, .stripped])
    func tasksOfStaticAndStrippedProgramsAreFound(_ name: String, _ mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        let snapshot = try snapshot(of: fixture.pid)
        #expect(snapshot.runtime.linkage == .static)
        #expect(snapshot.tasks.count == fixture.number("tasks"))
        for fact in fixture.facts("task") {
            let truth = TaskTruth(fact, mode: mode, fixture: name)
            guard let task = snapshot.tasks.first(where: { $0.id == truth.id }) else {
                Issue.record("task \(truth.id) was not found")
                continue
            }
            for difference in truth.factualDifferences(from: task) {
                Issue.record("task \(truth.id) \(truth.name ?? ""): \(difference)")
            }
            if mode == .stripped {
                let names = task.frames.filter { $0.image == name }.compactMap(\.function)
                #expect(names.isEmpty, "a name in a program without names")
            }
        }
    }

    @Test func tasksThatStandAtOnePlaceAreCounted() throws {
        let fixture = try Fixture("Many", ["10000"])
        let snapshot = try snapshot(of: fixture.pid)
        #expect(snapshot.tasks.count == fixture.number("tasks"))
        expectComplete(snapshot)
        for fact in fixture.facts("tasksSharing") {
            let stack = try #require(fact["stack"] as? [String])
            let sharing = snapshot.tasks.filter { task in
                let shown = task.frames.filter { $0.folding == nil }.compactMap(\.plainName)
                return shown.filter { $0.contains("Many.") } == stack
            }
            #expect(sharing.count == fact["count"] as? Int, "\(stack)")
        }
    }

    private func snapshot(of pid: Int32) throws -> Snapshot {
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: pid))
        return assembler.snapshot()
    }

    private func expectComplete(_ snapshot: Snapshot, exceptOf subjects: [String] = []) {
        #expect(snapshot.runtime.isPresent)
        #expect(snapshot.runtime.layout != nil)
        for gap in snapshot.coverage.gaps
        where !subjects.contains(where: { gap.subject.phrase.hasSuffix($0) }) {
            Issue.record("gap: \(gap)")
        }
    }
}

/// Whether all of `parts` occur in `whole`, in that order.
private func isSubsequence(_ parts: [String], of whole: [String]) -> Bool {
    var rest = parts[...]
    for item in whole where item == rest.first { rest = rest.dropFirst() }
    return rest.isEmpty
}
