/// Says in words who somebody is and what a thread does. Names are as they stand in the target:
/// whoever shows them escapes them.
struct Words {
    private let snapshot: Snapshot
    private let index: RecordIndex
    private let actorNames: [Subject: String]
    /// How many actors bear a name.
    private let namesakes: [String: Int]

    init(_ snapshot: Snapshot, _ index: RecordIndex) {
        self.snapshot = snapshot
        self.index = index
        var names: [Subject: String] = [:]
        var counts: [String: Int] = [:]
        for actor in snapshot.actors {
            guard let type = actor.type, names[actor.subject] == nil else { continue }
            names[actor.subject] = type
            counts[type, default: 0] += 1
        }
        actorNames = names
        namesakes = counts
    }

    // MARK: Who

    /// `task 5 "blocker"`.
    func task(_ id: UInt64) -> String {
        guard let place = index.task(id), let name = snapshot.tasks[Int(place)].name, !name.isEmpty
        else { return "task \(id)" }
        return "task \(id) \"\(name)\""
    }

    /// `actor Bank`, `thread 4250`, `the main actor`.
    func name(_ subject: Subject) -> String {
        switch subject {
        case .task(let id): task(id)
        case .thread(let id): "thread \(id)"
        case .actor(let address): object("actor", subject, address)
        case .executor(let address): object("executor", subject, address)
        case .mainActor: "the main actor"
        case .globalExecutor: "the global pool"
        case .group(let address): "the group at \(address)"
        case .continuation(let id): "the continuation of \(task(id))"
        case .lock(let address): "the lock at \(address)"
        case .queue(let address): "the queue at \(address)"
        }
    }

    private func object(_ noun: String, _ subject: Subject, _ address: Address) -> String {
        guard let type = actorNames[subject] else {
            return "the \(noun) at \(address)"
        }
        return namesakes[type, default: 0] > 1
            ? "\(noun) \(type) at \(address)" : "\(noun) \(type)"
    }

    /// `tasks 1, 2 and 3`, the rest as a number.
    func tasks(_ ids: [UInt64]) -> String {
        if ids.count == 1, let only = ids.first { return task(only) }
        let shown = ids.prefix(ids.count > 5 ? 4 : 5).map { String($0) }
        let rest = ids.count - shown.count
        return rest > 0
            ? "\(ids.count) tasks (\(shown.joined(separator: ", ")) and \(rest) more)"
            : "tasks \(Self.list(shown))"
    }

    /// `a, b and c`.
    static func list(_ parts: [String]) -> String {
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return parts.dropLast().joined(separator: ", ") + " and " + last
    }

    /// `2 threads`.
    static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    // MARK: What

    /// What a blocked thread waits for, with its verb, e.g. `sleeps (16 min 31 s more)`; what it
    /// does otherwise.
    func activity(_ thread: ThreadRecord) -> String {
        guard let wait = thread.wait else {
            return thread.systemCall == nil ? "is running" : "is in a system call"
        }
        var words = Self.verb(wait)
        if let left = wait.timeLeft, left > 0 {
            words += wait.kind == .sleep ? " (" : " (at most "
            words += "\(Self.duration(left)) more)"
        } else if let limit = wait.timeLimit {
            words += wait.kind == .sleep ? " for " : " for at most "
            words += Self.duration(limit)
        }
        return words
    }

    private static func verb(_ wait: ThreadWait) -> String {
        switch wait.kind {
        case .join:
            return wait.owner.map { "waits for thread \($0) to end" }
                ?? "waits for a thread to end"
        case .dispatchSemaphore: return "waits for a DispatchSemaphore"
        case .semaphore: return "waits for a semaphore"
        case .condition: return "waits for a condition variable"
        case .dispatchGroup: return "waits for a DispatchGroup"
        case .sleep: return "sleeps"
        case .descriptor:
            guard let first = wait.descriptors.first else { return "waits for input or output" }
            let more = wait.descriptors.count - 1
            return "waits for input or output on descriptor \(first.number)"
                + (first.name.map { " (\($0))" } ?? "") + (more > 0 ? " and \(more) more" : "")
        case .childProcess: return "waits for a child process to end"
        case .signal: return "waits for a signal"
        case .work: return "waits for work"
        case .futex: return "waits for a futex"
        case .other: return "is in a system call"
        case .mutex, .lock, .recursiveLock, .swiftMutex, .readLock, .writeLock, .runtimeLock,
            .once, .dispatchSync:
            return "waits for \(thing(wait))"
        }
    }

    /// What has an owner, e.g. `a mutex`.
    static func thing(_ wait: ThreadWait) -> String {
        switch wait.kind {
        case .mutex: "a mutex"
        case .lock: "an NSLock"
        case .recursiveLock: "an NSRecursiveLock"
        case .swiftMutex: "a Mutex"
        case .readLock: "a read-write lock (to read)"
        case .writeLock: "a read-write lock (to write)"
        case .runtimeLock: "a lock of the runtime"
        case .once: "the first use of a global"
        case .dispatchSync:
            wait.label.map { "queue \"\($0)\" (sync)" } ?? "a dispatch queue (sync)"
        default: "something"
        }
    }

    // MARK: Where

    /// ` in Bank.block() at bank.swift:6`: the innermost frame that a person wrote; empty where
    /// no frame has a name.
    func place(_ frames: [Frame]) -> String {
        guard let frame = Self.own(frames), let function = frame.function else { return "" }
        guard let location = frame.location else { return " in \(function)" }
        let file = location.file.split(separator: "/").last.map(String.init) ?? location.file
        return " in \(function) at \(file):\(location.line)"
    }

    /// A place as the end of a sentence.
    static func clause(_ place: String) -> String { place.isEmpty ? "" : ",\(place)" }

    /// A frame with a line is of the program itself; without lines, a Swift function that is in
    /// no library is. Otherwise the innermost frame that is shown.
    static func own(_ frames: [Frame]) -> Frame? {
        let shown = frames.lazy.filter { $0.folding == nil && $0.function != nil }
        return shown.first { $0.location != nil }
            ?? shown.first { isSwiftOfTheProgram($0) && !isOfLibrary($0) }
            ?? shown.first(where: isSwiftOfTheProgram) ?? shown.first
    }

    private static func isSwiftOfTheProgram(_ frame: Frame) -> Bool {
        frame.symbol?.hasPrefix("$s") == true && frame.image?.hasPrefix("lib") != true
    }

    /// Whether it is the Swift library's, which the compiler may place in the program: its mangled
    /// name begins with a substitution (`$ss` for the module, `$sS` for well-known types), which an
    /// extension by the program has too.
    private static func isOfLibrary(_ frame: Frame) -> Bool {
        ["$ss", "$sS", "$s10Foundation", "$s8Dispatch", "$s15Synchronization"].contains {
            frame.symbol?.hasPrefix($0) == true
        }
    }

    /// `93 MB`.
    static func size(_ bytes: UInt64) -> String {
        switch bytes {
        case ..<1_000: "\(bytes) bytes"
        case ..<1_000_000: "\(bytes / 1_000) kB"
        case ..<10_000_000_000: "\(bytes / 1_000_000) MB"
        default: "\(bytes / 1_000_000_000) GB"
        }
    }

    /// `5.0 s`: the same with a tenth of a second below ten seconds.
    static func exactDuration(_ nanoseconds: Int64) -> String {
        guard (1_000_000_000..<10_000_000_000).contains(nanoseconds) else {
            return duration(nanoseconds)
        }
        let tenths = nanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }

    /// `16 min 31 s`, `12 s`, `840 ms`.
    static func duration(_ nanoseconds: Int64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        let seconds = nanoseconds / 1_000_000_000
        switch seconds {
        case ..<1: return "\(max(0, milliseconds)) ms"
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: return "\(seconds / 3_600) h \(seconds / 60 % 60) min"
        default: return "\(count(Int(clamping: seconds / 86_400), "day"))"
        }
    }
}
