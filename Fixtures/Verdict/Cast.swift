import Glibc
import Synchronization

/// Which of the stories about one trouble is told.
enum Variant: String, Sendable {
    /// The trouble itself.
    case sick
    /// The same parts, at rest as well, and nothing wrong with them.
    case healthy
    /// In one picture it looks like the trouble, but it moves on all the time.
    case busy
}

/// A node of the wait graph as the fixture knows it.
enum Subject: Sendable {
    /// A task that has entered its witness under that name.
    case task(String)
    /// A thread that has entered the cast under that name.
    case thread(String)
    case actor(any Actor)
    case mainActor
    case executor(ThreadExecutor)
    case neverExecutor(NeverExecutor)
    case globalExecutor
    case lock(UInt)

    var json: JSON {
        switch self {
        case .task(let name): ["task": .number(Cast.task(name).id)]
        case .thread(let name): ["thread": .number(Cast.thread(name))]
        case .actor(let actor): ["actor": Self.address(actor)]
        case .mainActor: ["mainActor": true]
        case .executor(let executor): ["executor": Self.address(executor)]
        case .neverExecutor(let executor): ["executor": Self.address(executor)]
        case .globalExecutor: ["globalExecutor": true]
        case .lock(let address): ["lock": .address(address)]
        }
    }

    private static func address(_ object: AnyObject) -> JSON {
        .address(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque()))
    }
}

/// What a tool must say of the process.
struct Judgement: Sendable {
    var kind: String
    /// Each of them must be named at the root of it.
    var subjects: [Subject]
    /// Each of them must be counted among those stuck behind it.
    var affected: [Subject] = []
    /// How sure a tool can be at least.
    var confidence = "likely"
    /// Other kinds of finding that are true as well; a tool may name them or leave them out.
    var besides: [String] = []

    var json: JSON {
        [
            "verdict": [
                "kind": .string(kind), "subjects": .array(subjects.map(\.json)),
                "affected": .array(affected.map(\.json)), "confidence": .string(confidence),
                "besides": .array(besides.map { .string($0) }),
            ]
        ]
    }
}

/// Who takes part in a story: tasks through their witnesses, threads by name.
enum Cast {
    private struct Blocked {
        let tid: Int
        let systemCall: Int
        let argument: UInt?
    }

    private static let threads = Mutex<[String: Blocked]>([:])
    private static let rounds = Atomic<Int>(0)

    // MARK: Entering

    /// The calling thread blocks in the next statement, for good, in that system call; in a
    /// futex the word it waits at lies within 64 bytes from `address` on.
    static func blocks(_ name: String, in systemCall: Int, at address: UInt? = nil) {
        let blocked = Blocked(tid: Threads.current, systemCall: systemCall, argument: address)
        threads.withLock { $0[name] = blocked }
    }

    /// The same for a thread that runs a task, which bears the name.
    static func blocks(
        _ me: Witness, _ name: String, in systemCall: Int, at address: UInt? = nil
    ) {
        blocks(name, in: systemCall, at: address)
        me.runs(blockedIn: systemCall)
    }

    /// Something that keeps moving has moved once more.
    static func turn() { rounds.add(1, ordering: .relaxed) }

    /// Lets others run until something moves.
    static func untilMoving() async {
        while rounds.load(ordering: .relaxed) == 0 { await Task.yield() }
    }

    /// The kernel's number of a thread.
    static func thread(_ name: String) -> Int {
        guard let tid = threads.withLock({ $0[name]?.tid }) else {
            Fixture.fail("no thread named \(name)")
        }
        return tid
    }

    /// The witness of a task.
    static func task(_ name: String) -> Witness {
        guard let witness = Witness.find(name) else { Fixture.fail("no task named \(name)") }
        return witness
    }

    /// Whether threads of these names are blocked as they have said.
    static func areBlocked(_ names: [String]) -> Bool {
        names.allSatisfy { name in threads.withLock { $0[name] }.map(isAtRest) ?? false }
    }

    /// Blocks the calling thread, which must not be one of the runtime's, until they are.
    static func awaitBlocked(_ names: String...) {
        while !areBlocked(names) { usleep(1000) }
    }

    /// Lets others run until threads of these names are blocked.
    static func untilBlocked(_ names: String...) async {
        while !areBlocked(names) { await Task.yield() }
    }

    private static func isAtRest(_ blocked: Blocked) -> Bool {
        guard Threads.systemCall(of: blocked.tid) == blocked.systemCall else { return false }
        guard let start = blocked.argument else { return true }
        return Threads.firstArgument(of: blocked.tid).map { start..<(start + 64) ~= $0 } ?? false
    }

    // MARK: The curtain

    /// Starts the control thread, which waits until `tasks` witnesses are at rest (`main`
    /// included), all threads of the cast are, and what moves has moved; then it says what a
    /// tool must find, and `ready`. No verdict: nothing above a hint.
    static func perform(
        tasks: Int, threads count: Int = 0, moving: Bool = false,
        _ verdicts: @escaping @Sendable () -> [Judgement] = { [] }
    ) {
        Threads.start("control") {
            Witness.settle(count: tasks) {
                let names = threads.withLock { Array($0.keys) }
                return names.count == count && areBlocked(names)
                    && (!moving || rounds.load(ordering: .relaxed) > 100)
            }
            Witness.all().forEach { Fixture.emit($0.short) }
            let verdicts = verdicts()
            if verdicts.isEmpty { Fixture.emit(["healthy": true]) }
            verdicts.forEach { Fixture.emit($0.json) }
            Fixture.converse(
                commands: [
                    "rounds": { _ in ["rounds": .number(rounds.load(ordering: .relaxed))] }
                ])
        }
    }
}

extension Witness {
    /// Its id and name.
    var short: JSON {
        guard let name else { return ["task": ["id": .number(id)]] }
        return ["task": ["id": .number(id), "name": .string(name)]]
    }
}

extension Threads {
    /// The first argument of the system call that a thread is blocked in.
    static func firstArgument(of tid: Int) -> UInt? {
        let words = read("/proc/self/task/\(tid)/syscall")?.split(separator: " ") ?? []
        return words.count > 1 ? UInt(words[1].dropFirst(2), radix: 16) : nil
    }
}

/// An executor that takes jobs and never runs them.
final class NeverExecutor: TaskExecutor, SerialExecutor, @unchecked Sendable {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }
}

/// What a story keeps for ever, so that the optimiser and the runtime leave it in place.
enum Kept {
    private static let objects = Mutex<[AnyObject & Sendable]>([])
    static func keep(_ object: AnyObject & Sendable) { objects.withLock { $0.append(object) } }

    private static let tasks = Mutex<[any Sendable]>([])
    static func keep<Success, Failure>(_ task: Task<Success, Failure>) {
        tasks.withLock { $0.append(task) }
    }
}
