import AttachReport
import Testing

// Snapshots told as stories:
//
//     snapshot(of: "bank", tasks: [
//         task(1, "main").waitsForGroup(of: [2, 3]).at("static Main.main() bank.swift:24"),
//         task(2).sleeps().at("work() bank.swift:8"),
//         task(3).finished(throwing: "Boom"),
//     ])

/// A task to tell something about.
func task(_ id: UInt64, _ name: String? = nil) -> TaskStory { TaskStory(id, name) }

/// A thread to tell something about.
func thread(_ id: Int32, _ name: String = "worker") -> ThreadStory { ThreadStory(id, name) }

/// What a test tells about one task.
struct TaskStory {
    private(set) var record: TaskRecord
    /// The children of the group it waits for, for which the builder makes the group.
    private(set) var awaitedGroup: [UInt64]?

    init(_ id: UInt64, _ name: String?) {
        let address = Address(0x7F00_0000_0000 + id &* 0x200)
        let medium = Priority(0x15)
        record = TaskRecord(
            id: id, name: name, address: address, state: .suspended, priority: medium,
            basePriority: medium)
    }

    private func with(_ change: (inout TaskStory) -> Void) -> TaskStory {
        var copy = self
        change(&copy)
        return copy
    }

    private func suspended(_ wait: Wait) -> TaskStory {
        with {
            $0.record.state = .suspended
            $0.record.wait = wait
        }
    }

    private func queued(_ wait: Wait) -> TaskStory {
        with {
            $0.record.state = .enqueued
            $0.record.wait = wait
        }
    }

    func awaits(_ other: UInt64) -> TaskStory { suspended(.task(other)) }
    func waitsForContinuation() -> TaskStory { suspended(.continuation) }
    func sleeps() -> TaskStory { suspended(.sleep) }
    func waitsForStream() -> TaskStory { suspended(.stream) }
    func waitsForSomethingUnknown() -> TaskStory { suspended(.unknown) }
    func waitsForGroup(of children: [UInt64]) -> TaskStory {
        let address = Address(record.address.value + 0x100)
        return suspended(.group(address)).with { $0.awaitedGroup = children }
    }

    func queued(on type: String?, at address: UInt64 = 0x7F11_0000_0000) -> TaskStory {
        queued(.actor(Address(address), type: type))
    }
    func queuedOnMainActor() -> TaskStory { queued(.mainActor) }
    func queuedOnPool() -> TaskStory { queued(.globalExecutor) }
    func queued(onExecutor type: String?) -> TaskStory {
        queued(.executor(Address(0x7F12_0000_0000), type: type))
    }
    func yields() -> TaskStory { queued(.yield) }

    func runs(on thread: Int32?) -> TaskStory {
        with {
            $0.record.state = .running
            $0.record.thread = thread
        }
    }
    func neverStarted() -> TaskStory { with { $0.record.state = .created } }
    func finished() -> TaskStory {
        with {
            $0.record.state = .completed
            $0.record.result = .success
        }
    }
    func finished(throwing type: String?) -> TaskStory {
        with {
            $0.record.state = .completed
            $0.record.result = .error(type: type)
        }
    }

    func cancelled() -> TaskStory { with { $0.record.isCancelled = true } }
    func child(of parent: UInt64, _ flags: TaskRecord.Flag...) -> TaskStory {
        with {
            $0.record.parent = parent
            $0.record.flags = [.child] + flags
        }
    }
    func priority(_ value: UInt8, raisedFrom base: UInt8? = nil) -> TaskStory {
        with {
            $0.record.priority = Priority(value)
            $0.record.basePriority = Priority(base ?? value)
            if base != nil { $0.record.flags.append(.escalated) }
        }
    }

    /// Its async stack, innermost first, each frame as `place` reads it.
    func at(_ places: String...) -> TaskStory {
        stands(on: places.map { place($0, .asyncResumePoint) })
    }
    /// Its whole stack.
    func stands(on frames: [Frame]) -> TaskStory { with { $0.record.frames = frames } }
    /// Anything else.
    func changed(_ change: (inout TaskRecord) -> Void) -> TaskStory { with { change(&$0.record) } }
}

extension TaskStory: CustomTestStringConvertible {
    var testDescription: String { "a task that is \(record.state), waiting: \(record.wait.kind)" }
}

/// What a test tells about one thread.
struct ThreadStory {
    private(set) var record: ThreadRecord

    init(_ id: Int32, _ name: String) { record = ThreadRecord(id: id, name: name, state: .running) }

    private func with(_ change: (inout ThreadRecord) -> Void) -> ThreadStory {
        var copy = self
        change(&copy.record)
        return copy
    }

    func sits(in call: String?, number: Int = 230) -> ThreadStory {
        with {
            $0.state = .sleeping
            $0.systemCall = SystemCall(number: number, name: call, arguments: [1, 0, 0x7FFD_0000])
        }
    }
    func runs(task: UInt64) -> ThreadStory { with { $0.task = task } }
    /// Its native stack, innermost first, each frame as `place` reads it.
    func at(_ places: String...) -> ThreadStory {
        with {
            $0.role = $0.role ?? .other
            $0.frames = places.enumerated().map { index, text in
                place(text, index == 0 ? .programCounter : .returnAddress)
            }
        }
    }
    func stands(on frames: [Frame]) -> ThreadStory { with { $0.frames = frames } }
    func changed(_ change: (inout ThreadRecord) -> Void) -> ThreadStory { with(change) }
}

/// A frame from `function file:line` or `function image`; the last word is the place, and what
/// ends in `:` and digits is a line of source. A leading `~` folds it as runtime, `%` as thunk.
func place(_ text: String, _ kind: Frame.Kind) -> Frame {
    var text = Substring(text)
    var folding: Frame.Folding?
    if text.first == "~" { folding = .runtime }
    if text.first == "%" { folding = .thunk }
    if folding != nil { text = text.dropFirst() }
    // FNV-1a, so that equal places have equal addresses in every run.
    let hash = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let offset = hash % 0x10_0000
    var frame = Frame(
        kind: kind, address: Address(0x5555_5555_0000 + offset), symbolOffset: hash % 64,
        imageOffset: offset, folding: folding)
    let space = text.lastIndex(of: " ")
    let function = space.map { text[..<$0] } ?? text
    let rest = space.map { text[text.index(after: $0)...] } ?? ""
    frame.function = String(function)
    frame.symbol = "$s" + String(function.filter(\.isLetter))
    if let colon = rest.lastIndex(of: ":"), let line = Int(rest[rest.index(after: colon)...]) {
        let file = "/srv/bank/Sources/" + rest[..<colon]
        frame.location = SourceLocation(file: file, line: line, column: 9)
        frame.image = "bank"
    } else if !rest.isEmpty {
        frame.image = String(rest)
    }
    return frame
}

/// A whole report from the stories of its tasks and threads, with what follows from them: the
/// groups that are waited for, and both ends of parenthood.
func report(
    on name: String = "bank", tasks stories: [TaskStory] = [], threads: [ThreadStory] = [],
    gaps: [Gap] = [], change: (inout Snapshot) -> Void = { _ in }
) -> Report {
    var tasks = stories.map(\.record)
    var groups: [GroupRecord] = []
    for story in stories {
        guard let children = story.awaitedGroup, case .group(let address) = story.record.wait else {
            continue
        }
        let isPending = { (task: TaskRecord) in
            children.contains(task.id) && task.state != .completed
        }
        groups.append(
            GroupRecord(
                address: address, owner: story.record.id, isDiscarding: false, isCancelled: false,
                pending: tasks.filter(isPending).count, children: children))
        for index in tasks.indices where children.contains(tasks[index].id) {
            tasks[index].parent = story.record.id
            tasks[index].group = address
            tasks[index].flags = [.child, .groupChild]
        }
    }
    let indexes = Dictionary(tasks.enumerated().map { ($1.id, $0) }) { first, _ in first }
    for task in tasks {
        guard let parent = task.parent, let index = indexes[parent] else { continue }
        tasks[index].children.append(task.id)
    }
    var snapshot = Snapshot(
        process: ProcessRecord(
            pid: 4242, name: name, executable: "/srv/bank/" + name,
            arguments: [name, "--port", "80"], startTime: 1_767_322_000.5, namespacePIDs: [17]),
        capture: CaptureRecord(
            timeNanoseconds: 1_767_323_045_123_456_789, pauseNanoseconds: 2_945_000,
            bytes: 97_000_000),
        runtime: RuntimeRecord(
            isPresent: true, hasSwift: true, linkage: .dynamic, layout: "6.1-6.3",
            layoutVersion: 1),
        threads: threads.map(\.record), tasks: tasks, groups: groups,
        images: [
            ImageRecord(
                name: name, path: "/srv/bank/" + name, buildID: "0123abcd",
                baseAddress: Address(0x5555_5555_0000), endOfText: Address(0x5555_5565_0000))
        ],
        coverage: Coverage(
            tasksFound: tasks.count, helpersFolded: 9, rejected: 2, bytesSearched: 12_600_000,
            gaps: gaps))
    change(&snapshot)
    return Report(toolVersion: "0.1.0", snapshot: snapshot)
}
