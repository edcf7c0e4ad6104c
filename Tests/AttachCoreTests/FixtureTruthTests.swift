import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// What a fixture says of itself against what is found from outside.
@Suite(.timeLimit(.minutes(5)))
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
            while fixture.child.statusField("State")?.hasPrefix("S") != true { usleep(1000) }
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
        where !subjects.contains(where: { gap.what.hasSuffix($0) }) {
            Issue.record("gap: \(gap)")
        }
    }
}

/// What a fixture says of one of its tasks.
private struct TaskTruth {
    let id: UInt64
    let name: String?
    private let fact: [String: Any]
    private let mode: Fixture.Mode
    private let fixture: String

    init(_ fact: [String: Any], mode: Fixture.Mode, fixture: String) {
        self.fact = fact
        self.mode = mode
        self.fixture = fixture
        id = (fact["id"] as? Int).map(UInt64.init) ?? 0
        name = fact["name"] as? String
    }

    /// What is not as it should be, in words.
    func differences(from task: TaskRecord) -> [String] {
        factualDifferences(from: task) + stack(of: task)
    }

    /// The same without names of code.
    func factualDifferences(from task: TaskRecord) -> [String] {
        var differences: [String] = []
        func compare<Value: Equatable>(_ what: String, _ found: Value?, _ told: Value?) {
            if let told, found != told {
                differences.append(
                    "\(what) is \(found.map { "\($0)" } ?? "nothing"), should be \(told)")
            }
        }
        let state = fact["state"] as? String
        compare("address", task.address.description, fact["address"] as? String)
        compare("state", task.state.rawValue, state)
        // The runtime drops the name of a completed task.
        if state != "completed" { compare("name", task.name, name) }
        compare("parent", task.parent, (fact["parent"] as? Int).map(UInt64.init))
        compare("cancelled", task.isCancelled, fact["cancelled"] as? Bool)
        compare("group child", task.flags.contains(.groupChild), fact["group"] as? Bool)
        compare("async let", task.flags.contains(.asyncLet), fact["asyncLet"] as? Bool)
        compare("immediate", task.flags.contains(.immediate), fact["immediate"] as? Bool)
        compare("thread", task.thread, (fact["tid"] as? Int).map(Int32.init))
        compare("priority", Self.normal(task.basePriority.description), priority)
        if state != "running" {
            compare("wait", task.wait.kind.rawValue, fact["wait"] as? String)
        }
        if case .task(let awaited) = task.wait {
            compare("awaited", awaited, (fact["waitTask"] as? Int).map(UInt64.init))
        }
        if fact["error"] is String {
            compare("result", task.result, .error(type: fact["error"] as? String))
        }
        if fact["value"] != nil { compare("result", task.result, .success) }
        for frame in task.frames {
            if case .stopped(let reason) = frame.kind { differences.append("it ends: \(reason)") }
        }
        return differences
    }

    private var priority: String? { (fact["priority"] as? String).map(Self.normal) }

    /// Swift has two names for some priorities.
    private static func normal(_ priority: String) -> String {
        ["userInitiated": "high", "low": "utility"][priority] ?? priority
    }

    /// The fixture's own frames, and nothing beside them: none missing, none twice.
    private func stack(of task: TaskRecord) -> [String] {
        guard let told = fact["stack"] as? [String] else { return [] }
        let isOptimised = mode != .debug
        let optional = Set(isOptimised ? fact["stackOptional"] as? [String] ?? [] : [])
        let names = Set(told)
        let found = task.frames.filter { frame in
            frame.plainName.map(names.contains) == true && frame.folding == nil
        }
        let functions = found.compactMap(\.plainName).filter { !optional.contains($0) }
        let wanted = told.filter { !optional.contains($0) }
        guard functions == wanted else {
            return [
                "stack is \(Self.short(task.frames.compactMap(\.plainName))), should be "
                    + "\(Self.short(told))"
            ]
        }
        return strangers(task, told) + lines(found, told)
    }

    /// Frames of the fixture's own sources that it does not tell of. What lies on top of the
    /// first told frame is told of under `below`, or is what a spinning function calls.
    private func strangers(_ task: TaskRecord, _ told: [String]) -> [String] {
        let names = Set(told)
        let others = task.frames
            .drop { fact["outer"] == nil && $0.plainName.map { !names.contains($0) } ?? true }
            .filter { frame in
                guard frame.folding == nil, let name = frame.plainName,
                    frame.location?.file.contains("/Fixtures/\(fixture)/") == true
                else { return false }
                return !names.contains(name) && !name.hasSuffix(".$main()")
            }
        return others.isEmpty ? [] : ["frames too many: \(others.compactMap(\.plainName))"]
    }

    private func lines(_ found: [Frame], _ told: [String]) -> [String] {
        guard mode != .releaseWithoutDebugInformation, let lines = fact["lines"] as? [Int],
            found.compactMap(\.plainName) == told
        else { return [] }
        return zip(found, lines).compactMap { frame, line in
            guard frame.location?.line != line else { return nil }
            return
                "\(frame.plainName ?? "?") is at \(frame.location.map { "\($0.line)" } ?? "no line"), "
                + "should be at \(line)"
        }
    }

    private static func short(_ names: [String]) -> String {
        names.count <= 24
            ? "\(names)" : "\(names.prefix(12)) … \(names.suffix(12)) (\(names.count))"
    }
}

extension Frame {
    /// The function without what the optimiser put before its name.
    fileprivate var plainName: String? {
        function.map { $0.hasPrefix("specialized ") ? String($0.dropFirst(12)) : $0 }
    }
}

/// Whether all of `parts` occur in `whole`, in that order.
private func isSubsequence(_ parts: [String], of whole: [String]) -> Bool {
    var rest = parts[...]
    for item in whole where item == rest.first { rest = rest.dropFirst() }
    return rest.isEmpty
}
