import Glibc
import Synchronization

@_silgen_name("swift_task_getJobTaskId")
private func runtimeTaskID(_ task: UnsafeRawPointer) -> UInt64

/// The conversation every fixture has with the test that started it: facts on stdout, one JSON
/// object a line, then `ready`, then answers to the lines read from stdin.
enum Fixture {
    /// What a fixture answers to a line of its own, beside `ping` and `exit`.
    typealias Command = @Sendable (_ arguments: [String]) -> JSON

    /// Bounds the life of the process, so that no fixture outlives the test that forgot it.
    static func bound() {
        let seconds = getenv("FIXTURE_ALARM").flatMap { UInt32(String(cString: $0)) } ?? 300
        alarm(seconds)
        signal(SIGTTIN, SIG_IGN)
    }

    /// Starts the control thread. It waits until `tasks` witnesses have come to rest, prints what
    /// they know of themselves, and then serves stdin.
    ///
    /// - Parameters:
    ///   - tasks: How many tasks there are, `main` included; the fixture's author counted them.
    ///   - unwitnessed: How many more there are that have no witness, being too many.
    ///   - settled: Whether those rest, too.
    ///   - helpers: How many timer tasks the runtime has made for the sleepers among them,
    ///     if that is a fixed number.
    ///   - facts: More lines to print before `ready`; called when everything is parked.
    ///   - commands: Further commands, by their first word.
    ///   - result: What `exit` prints last, for a fixture that computes something.
    static func serve(
        tasks: Int, unwitnessed: Int = 0, helpers: Int? = 0,
        settled: @escaping @Sendable () -> Bool = { true },
        facts: @escaping @Sendable () -> [JSON] = { [] },
        commands: [String: Command] = [:], result: (@Sendable () -> JSON)? = nil
    ) {
        bound()
        Threads.start("control") {
            Witness.settle(count: tasks, settled)
            Witness.all().forEach { emit($0.json) }
            facts().forEach(emit)
            let completed = Witness.all().count { $0.state == .completed }
            emit(["tasks": .number(tasks + unwitnessed), "completed": .number(completed)])
            if let helpers { emit(["helpers": .number(helpers)]) }
            emit(["thread": ["tid": .number(Threads.current), "name": "control"]])
            converse(commands: commands, result: result)
        }
    }

    /// Prints `ready` and answers stdin until `exit` or its end. Never returns.
    static func converse(
        commands: [String: Command] = [:], result: (@Sendable () -> JSON)? = nil
    ) -> Never {
        emit(["ready": true, "pid": .number(Int(getpid()))])
        var pings = 0
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            guard let verb = words.first else { continue }
            if verb == "exit" { break }
            if verb == "ping" {
                pings += 1
                emit(["pong": .number(pings)])
            } else if let command = commands[verb] {
                emit(command(Array(words.dropFirst())))
            } else {
                emit(["unknown": .string(verb)])
            }
        }
        // Nobody to talk to (started by hand in the background) is not the end of a conversation.
        while nobodyThere() { pause() }
        if let result { emit(["result": result()]) }
        fflush(nil)
        _exit(0)
    }

    /// Prints one line and flushes it.
    static func emit(_ json: JSON) {
        print(json.text)
        fflush(nil)
    }

    /// Ends the fixture because it could not reach the state that it promises.
    static func fail(_ reason: String) -> Never {
        emit(["failed": .string(reason)])
        _exit(1)
    }

    /// The n-th argument as a number.
    static func argument(_ index: Int, default value: Int) -> Int {
        CommandLine.arguments.count > index ? Int(CommandLine.arguments[index]) ?? value : value
    }

    private static func nobodyThere() -> Bool {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return false }
        let isNull = status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0x103
        return isNull || isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) != getpgrp()
    }
}

/// A task as the runtime sees it: where its object lies and what its words say.
struct TaskObject: Sendable {
    /// In such a form that whoever looks for holders of the task's continuation does not find one
    /// here.
    private let inverse: UInt

    var address: UInt { ~inverse }

    /// The task this code runs in.
    static func current() -> TaskObject {
        withUnsafeCurrentTask { task in
            guard let task else { Fixture.fail("not in a task") }
            return TaskObject(inverse: ~unsafeBitCast(task, to: UInt.self))
        }
    }

    /// The task behind a handle, whether it has ever run or not.
    static func of<Success, Failure: Error>(_ handle: Task<Success, Failure>) -> TaskObject {
        TaskObject(inverse: ~unsafeBitCast(handle, to: UInt.self))
    }

    private init(inverse: UInt) { self.inverse = inverse }

    var id: Int { Int(runtimeTaskID(pointer(0))) }
    var isRunning: Bool { flags & 0x800 != 0 }
    var isEnqueued: Bool { flags & 0x1000 != 0 }
    var isComplete: Bool { flags & 0x2000 != 0 }
    var isCancelled: Bool { flags & 0x100 != 0 }

    var isSuspended: Bool { flags & 0x7800 == 0x4000 && dependencyKind == 2 }

    /// What the runtime says the task waits for: 1 task, 2 continuation, 3 group, 4 executor.
    var dependencyKind: UInt32? {
        guard flags & 0x4000 != 0 else { return nil }
        let record = UInt(word(at: 160))
        return UnsafePointer<UInt32>(bitPattern: record + 32)?.pointee
    }

    private var flags: UInt32 { UInt32(truncatingIfNeeded: word(at: 96)) }

    private func pointer(_ offset: UInt) -> UnsafeRawPointer {
        guard let pointer = UnsafeRawPointer(bitPattern: address + offset) else {
            Fixture.fail("no task")
        }
        return pointer
    }

    /// A word that other threads write: read it through a function the optimiser cannot look into.
    @inline(never)
    private func word(at offset: UInt) -> UInt64 {
        var value: UInt64 = 0
        memcpy(&value, pointer(offset), 8)
        return value
    }
}

/// Something in the process that fixtures hold on to for ever, so that it is not lost.
enum Held {
    private static let continuations = Mutex<[UnsafeContinuation<Void, Never>]>([])

    static func hold(_ continuation: UnsafeContinuation<Void, Never>) {
        continuations.withLock { $0.append(continuation) }
    }

    private static let blocks = Mutex<[UInt]>([])

    static func keep(_ block: UnsafeMutableRawPointer) {
        blocks.withLock { $0.append(UInt(bitPattern: block)) }
    }

    /// A value that the optimiser must believe to be used: keeps the code behind an `await` alive,
    /// and the frame of the function with it.
    @inline(never)
    static func touch() { touched.add(1, ordering: .relaxed) }

    private static let touched = Atomic<Int>(0)
}
