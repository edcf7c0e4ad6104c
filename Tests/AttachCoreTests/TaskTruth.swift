import AttachReport
import TestSupport

/// What a fixture says of one of its tasks.
struct TaskTruth {
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

    /// Whether it never rests, so that no two pictures of it are the same.
    var isBusy: Bool { fact["busy"] as? Bool == true }

    /// Whether the fixture says what its stack is.
    var stackIsTold: Bool { fact["stack"] is [String] && !isBusy }

    /// What is not as it should be, in words.
    func differences(from task: TaskRecord) -> [String] {
        factualDifferences(from: task) + stackDifferences(of: task)
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

    /// Its stack: the fixture's own frames, and nothing beside them: none missing, none twice.
    func stackDifferences(of task: TaskRecord) -> [String] {
        guard let told = fact["stack"] as? [String] else { return [] }
        let optional = Set(mode.isOptimised ? fact["stackOptional"] as? [String] ?? [] : [])
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
        guard mode.hasLines, let lines = fact["lines"] as? [Int],
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
    var plainName: String? {
        function.map { $0.hasPrefix("specialized ") ? String($0.dropFirst(12)) : $0 }
    }
}
