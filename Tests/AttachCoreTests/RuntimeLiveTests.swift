import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// What the runtime room says of fixtures, compared with what they say of themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct RuntimeLiveTests {
    static let names = ["Waits", "Structure", "Isolation", "Running", "Bank", "Depth"]

    @Test(arguments: names, Fixture.Mode.allCases)
    func tasksAreWhatTheySayTheyAre(name: String, mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        #expect(look.state.runtime.layout == "6.1-6.3")
        #expect(look.state.runtime.linkage == .dynamic)
        #expect(look.state.tasks.count == fixture.number("tasks"))
        #expect(look.state.helpersFolded == fixture.number("helpers"))
        #expect(look.state.gaps.isEmpty, "\(look.state.gaps)")
        for fact in fixture.facts("task") {
            let id = try #require(fact["id"] as? Int)
            let task = try #require(look.task(id), "task \(id)")
            compare(task, fact)
        }
    }

    private func compare(_ task: RawTask, _ fact: [String: Any]) {
        let record = task.record
        let says = Comment(rawValue: "task \(record.id) \(record.name ?? ""): \(task)")
        #expect(record.address.description == fact["address"] as? String, says)
        #expect(record.isCancelled == fact["cancelled"] as? Bool, says)
        #expect(task.stoppedBecause == nil, says)
        if let state = fact["state"] as? String { #expect(record.state.rawValue == state, says) }
        if record.state != .completed { #expect(record.name == fact["name"] as? String, says) }
        if fact["busy"] == nil, let wait = fact["wait"] as? String {
            #expect(record.wait.kind.rawValue == wait, says)
        }
        if let other = fact["waitTask"] as? Int {
            #expect(record.wait == .task(UInt64(other)), says)
        }
        if let parent = fact["parent"] as? Int {
            #expect(record.parent == UInt64(parent), says)
        }
        if let isAsyncLet = fact["asyncLet"] as? Bool {
            #expect(record.flags.contains(.asyncLet) == isAsyncLet, says)
        }
        if let isGroupChild = fact["group"] as? Bool {
            #expect(record.flags.contains(.groupChild) == isGroupChild, says)
        }
        if let isImmediate = fact["immediate"] as? Bool {
            #expect(record.flags.contains(.immediate) == isImmediate, says)
        }
        if let priority = fact["priority"] as? String {
            #expect(record.basePriority.description == (priority == "low" ? "utility" : priority))
        }
        if let thread = fact["tid"] as? Int { #expect(record.thread == Int32(thread), says) }
        if let error = fact["error"] as? String {
            #expect(record.result == .error(type: error), says)
        }
        if fact["value"] != nil { #expect(record.result == .success, says) }
    }

    @Test(arguments: names, Fixture.Mode.allCases)
    func stacksAreWhatTheySayTheyAre(name: String, mode: Fixture.Mode) throws {
        let fixture = try Fixture(name, mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        let functions = look.functions(of: look.state.tasks, in: name)
        for fact in fixture.facts("task") where fact["busy"] == nil {
            guard let id = fact["id"] as? Int, let stack = fact["stack"] as? [String] else {
                continue
            }
            let own = Set(stack)
            let shown = (functions[UInt64(id)] ?? []).map(Self.unspecialized).filter(own.contains)
            let missing = Set(fact["stackOptional"] as? [String] ?? []).subtracting(shown)
            let expected = stack.filter { !missing.contains($0) }
            // Optimised, a function and its specialisation may both have a frame.
            #expect(
                mode == .debug ? shown == expected : Self.runs(shown) == Self.runs(expected),
                "task \(id) shows \(shown), not \(expected)")
        }
    }

    private static func unspecialized(_ name: String) -> String {
        let prefix = "specialized "
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    /// The names with repetitions left out.
    private static func runs(_ names: [String]) -> [String] {
        names.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    @Test(arguments: Fixture.Mode.allCases)
    func aTaskThatNeverStartedShowsWhatItWillRun(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Structure", mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        let waiting = look.state.tasks.filter { $0.record.name == "never-started" }
        let shown = look.functions(of: waiting, in: "Structure").values.first ?? []
        #expect(
            shown.contains {
                $0.contains("closure #1 in Busy.occupy(_:)") || $0.contains("Structure")
            }, "\(shown)")
    }

    @Test(arguments: [1000, 100_000])
    func manyTasksAreFound(count: Int) throws {
        let fixture = try Fixture("Many", mode: .release, ["\(count)"])
        let look = try RuntimeLook(pid: fixture.pid)
        #expect(look.state.tasks.count == count + 1)
        #expect(look.state.gaps.isEmpty)
        let stacks = Set(look.state.tasks.map(\.resumePoints))
        #expect(stacks.count == 5)
        print("\(count) tasks in \(look.cost / 1000) us")
    }
}
