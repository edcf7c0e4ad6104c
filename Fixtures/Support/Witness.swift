import Glibc
import Synchronization

/// What a task knows of itself, printed for the test once the task has come to rest.
///
/// A task enters its witness when it starts, tells it of every call on the way down, and tells it
/// last what it comes to rest on. Each of these statements stands **on the line above** the
/// `await` (or the blocking call) that it speaks of; that is where the line numbers come from.
final class Witness: @unchecked Sendable {
    enum State: String { case running, suspended, enqueued, completed }

    enum Wait: String {
        case continuation, task, group, sleep, stream
        case actor, mainActor, executor, globalExecutor, yield

        /// The runtime's number for this kind of wait.
        var dependencyKind: UInt32? {
            switch self {
            case .task: 1
            case .continuation, .sleep, .stream: 2
            case .group: 3
            case .actor, .mainActor, .executor, .globalExecutor: 4
            case .yield: nil
            }
        }
    }

    let task: TaskObject
    let id: Int
    private(set) var state: State?
    let name: String?
    private var wait: Wait?
    private var tid: Int?
    private var systemCall: Int?
    private var stack: [(function: String, line: Int)] = []
    private var facts: [(key: String, value: JSON)]

    // MARK: Entering

    /// Enters the current task, which has the given name if it has any.
    static func enter(
        _ name: String? = nil, parent: Witness? = nil, group: Bool = false, asyncLet: Bool = false,
        detached: Bool = false, immediate: Bool = false, priority: String? = nil, also: JSON = [:]
    ) -> Witness {
        var facts: [(key: String, value: JSON)] = []
        if let parent { facts.append(("parent", .number(parent.id))) }
        facts.append(("group", .bool(group)))
        facts.append(("asyncLet", .bool(asyncLet)))
        if detached { facts.append(("detached", true)) }
        facts.append(("immediate", .bool(immediate)))
        if let priority { facts.append(("priority", .string(priority))) }
        if case .object(let more) = also { facts += more }
        return Witness(TaskObject.current(), name, facts)
    }

    /// Enters a task that cannot speak for itself, since it never started or has ended.
    static func enter<Success, Failure: Error>(
        _ name: String? = nil, of handle: Task<Success, Failure>, _ state: State,
        wait: Wait? = nil, also: JSON = [:]
    ) {
        var facts: [(key: String, value: JSON)] = []
        if case .object(let more) = also { facts += more }
        let witness = Witness(TaskObject.of(handle), name, facts)
        witness.declare(state, wait)
    }

    private init(_ task: TaskObject, _ name: String?, _ facts: [(key: String, value: JSON)]) {
        self.task = task
        self.name = name
        id = task.id
        self.facts = facts
        Self.entered.withLock { $0.append(self) }
    }

    // MARK: On the way down

    /// The next line calls another function of the fixture. An optimised build may inline the
    /// function that says so into its caller, if it is `optional`.
    func calls(in function: String = #function, line: Int = #line, optional: Bool = false) {
        stack.append((function, line + 1))
        if optional { vanishing.append(.string(function)) }
    }

    /// This same line calls another function of the fixture: for arguments of that call.
    func calling(in function: String, line: Int = #line) -> Witness {
        calls(in: function, line: line - 1)
        return self
    }

    private var vanishing: [JSON] = []

    // MARK: At rest

    /// The next line suspends the task for good.
    func rests(
        _ wait: Wait, on other: Witness? = nil, in function: String = #function, line: Int = #line,
        optional: Bool = false, also: JSON = [:]
    ) {
        calls(in: function, line: line, optional: optional)
        if let other { facts.append(("waitTask", .number(other.id))) }
        if case .object(let more) = also { facts += more }
        declare(.suspended, wait)
    }

    /// The next line hops to an executor that is busy for good.
    func queues(
        for wait: Wait, in function: String = #function, line: Int = #line, also: JSON = [:]
    ) {
        calls(in: function, line: line)
        if case .object(let more) = also { facts += more }
        declare(.enqueued, wait)
    }

    /// The next line keeps the thread: in a system call if one is given, spinning otherwise.
    func runs(
        blockedIn systemCall: Int? = nil, in function: String = #function, line: Int = #line,
        also: JSON = [:]
    ) {
        calls(in: function, line: line)
        if case .object(let more) = also { facts += more }
        tid = Threads.current
        self.systemCall = systemCall
        declare(.running, nil)
    }

    /// The next line, or one it calls, runs and queues in turn, for ever: no state is promised.
    func keepsBusy(in function: String = #function, line: Int = #line) {
        calls(in: function, line: line)
        facts.append(("busy", true))
        declare(nil, .yield)
    }

    private func declare(_ state: State?, _ wait: Wait?) {
        self.state = state
        self.wait = wait
        Self.declared.add(1, ordering: .releasing)
    }

    // MARK: Settling

    private static let entered = Mutex<[Witness]>([])
    private static let declared = Atomic<Int>(0)

    /// Every witness, in the order of task ids.
    static func all() -> [Witness] { entered.withLock { $0 }.sorted { $0.id < $1.id } }

    /// The task that entered under a name, once it has.
    static func find(_ name: String) -> Witness? {
        entered.withLock { $0 }.first { $0.name == name }
    }

    /// How many tasks have said that they run.
    static var runningCount: Int { all().count { $0.state == .running } }

    /// How many tasks have said what they come to rest on.
    static var declaredCount: Int { declared.load(ordering: .acquiring) }

    /// Lets others run until that many tasks have said what they come to rest on.
    static func others(atLeast count: Int) async {
        while declaredCount < count { await Task.yield() }
    }

    /// Returns once `count` tasks have declared where they rest and the runtime agrees with all.
    static func settle(count: Int, _ others: () -> Bool = { true }) {
        for _ in 0..<60_000 {
            let witnesses = all()
            if declaredCount == count, witnesses.count == count,
                witnesses.allSatisfy({ $0.isAtRest }), others()
            {
                return
            }
            usleep(1000)
        }
        let restless = all().filter { !$0.isAtRest }.map { "\($0.id)" }.joined(separator: " ")
        Fixture.fail(
            "\(declaredCount) of \(count) tasks declared, \(all().count) entered;"
                + " not at rest: \(restless)")
    }

    private var isAtRest: Bool {
        switch state {
        case .suspended:
            !task.isRunning && !task.isEnqueued && task.dependencyKind == wait?.dependencyKind
        case .enqueued: task.isEnqueued && !task.isRunning
        case .running:
            task.isRunning
                && (systemCall == nil || systemCall == tid.flatMap(Threads.systemCall(of:)))
        case .completed: task.isComplete
        case nil: true
        }
    }

    // MARK: Printing

    var json: JSON {
        var fields: [(key: String, value: JSON)] = [
            ("id", .number(id)), ("address", .address(task.address)),
        ]
        if let state { fields.append(("state", .string(state.rawValue))) }
        if let wait { fields.append(("wait", .string(wait.rawValue))) }
        if let tid { fields.append(("tid", .number(tid))) }
        #if compiler(>=6.2)
            if let name { fields.append(("name", .string(name))) }
        #endif
        fields += facts
        fields.append(("cancelled", .bool(task.isCancelled)))
        if !stack.isEmpty {
            let inwards = stack.reversed()
            fields.append(("stack", .array(inwards.map { .string($0.function) })))
            fields.append(("lines", .array(inwards.map { .number($0.line) })))
        }
        if !vanishing.isEmpty { fields.append(("stackOptional", .array(vanishing))) }
        return ["task": .object(fields)]
    }
}
