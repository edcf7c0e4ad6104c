public import AttachReport
import Glibc

/// Watches a process for a while after it was captured, without stopping it: what has not moved in
/// between?
///
/// It needs no privilege that the capture did not have, and none any more once it was made: the
/// files are open.
public struct SecondLook: Sendable {
    /// Nanoseconds from the release to the first look, and from there to the next; each distance
    /// is twice the one before, up to `longestDistance`: most of what moves moves soon.
    private static let firstDistance: Int64 = 100_000_000
    private static let longestDistance: Int64 = 5_000_000_000

    /// How long threads may take to get back, after the release, to what they waited for.
    private static let settlingTime: Int64 = 50_000_000

    private let directory: OpenFile
    private let memory: OpenFile
    /// When the process was looked at for the first time since its release.
    private let start: Int64
    /// How often each thread that was waiting when it was stopped, and had gone back to the very
    /// same wait at `start`, had given its processor up by then. Counting from a later moment on
    /// would miss a thread that went on right after the stop and rests somewhere else since.
    private let switches: [Int32: UInt64]

    /// What it takes to look again from another process, beside the open files.
    struct Marks: Codable {
        var start: Int64
        var threads: [Int32]
        var switches: [UInt64]
    }

    /// For another process of ours: what was noted.
    var marks: Marks {
        let ordered = switches.sorted { $0.key < $1.key }
        return Marks(
            start: start, threads: ordered.map(\.key), switches: ordered.map(\.value))
    }

    /// For another process of ours: the open files.
    var descriptors: [Int32] { [directory.descriptor, memory.descriptor] }

    /// The same in that process; nil where the files are not these two.
    init?(_ marks: Marks, handles: [OpenFile]) {
        guard handles.count == 2, marks.threads.count == marks.switches.count else { return nil }
        (directory, memory) = (handles[0], handles[1])
        start = marks.start
        switches = Dictionary(
            zip(marks.threads, marks.switches), uniquingKeysWith: { first, _ in first })
    }

    /// To be made right after the release; nil where the process is gone, or frozen: then nothing
    /// can move.
    init?(_ directory: borrowing ProcessDirectory, thread: Int32, threads: [CapturedThread]) {
        guard let tasks = try? directory.open("task", flags: O_RDONLY | O_DIRECTORY),
            let file = try? directory.open("task/\(thread)/mem")
        else { return nil }
        let folder = OpenFile(tasks)
        self.directory = folder
        memory = OpenFile(file)
        switches = Self.settled(threads, in: folder)
        guard !threads.contains(where: { Self.isFrozen($0.id, in: folder) }) else { return nil }
        start = Clock.monotonic()
    }

    /// What of the snapshot has not moved; nil where the process cannot be seen any more, or is
    /// frozen. Takes `patience`, counted from the release, or less.
    ///
    /// - Parameters:
    ///   - capture: What the snapshot was made of.
    ///   - patience: Nanoseconds for which to watch.
    ///   - deadline: When to give up at the latest, by the monotonic clock.
    ///   - isWorthWaiting: Whether watching on could tell more than what was seen so far. Asked
    ///     after the first look, and whenever something more has moved.
    public func stillness(
        of snapshot: Snapshot, capture: Capture, patience: Int64, deadline: Int64 = .max,
        isWorthWaiting: (Stillness) -> Bool = { _ in true }
    ) -> Stillness? {
        var threads = switches
        var tasks = snapshot.tasks.filter { $0.state != .running }
        var distance = Self.firstDistance
        var next = start
        let end = min(start.addingReportingOverflow(patience).partialValue, deadline)
        var isFirst = true
        while true {
            next = min(next + distance, end)
            distance = min(distance * 2, Self.longestDistance)
            Clock.sleep(until: next)
            let now = Clock.monotonic()
            guard snapshot.threads.contains(where: { status(of: $0.id) != nil }) else {
                return nil
            }
            let known = threads.count + tasks.count
            threads = threads.filter { id, count in
                status(of: id).map { $0.isWaiting && $0.contextSwitches == count } ?? false
            }
            tasks.removeAll { !isUnmoved($0, capture) }
            let stillness = Stillness(
                nanoseconds: now - start, patience: patience, threads: Set(threads.keys),
                tasks: Set(tasks.map(\.id)))
            let hasMoved = threads.count + tasks.count < known
            if now >= end || ((isFirst || hasMoved) && !isWorthWaiting(stillness)) {
                // Frozen in the meantime, it could not move.
                let isFrozen = threads.keys.contains {
                    Self.isFrozen($0, in: directory)
                }
                return isFrozen ? nil : stillness
            }
            isFirst = false
            next = max(next, now)
        }
    }

    private func status(of thread: Int32) -> ProcessStatus? {
        Self.status(of: thread, in: directory)
    }

    /// The threads that wait as they did when they were stopped, with how often each has given its
    /// processor up. One that ran then moves, without a switch perhaps.
    private static func settled(_ threads: [CapturedThread], in directory: OpenFile)
        -> [Int32: UInt64]
    {
        let deadline = Clock.monotonic() + settlingTime
        var settled: [Int32: UInt64] = [:]
        var pending = threads.filter { $0.systemCall != nil && $0.registers != nil }
        while true {
            pending.removeAll { thread in
                guard let status = status(of: thread.id, in: directory) else { return true }
                guard status.isWaiting, let count = status.contextSwitches else { return false }
                // The number first: if it moves on afterwards, the number shows it in the end.
                switch isBack(thread, in: directory) {
                case .some(true):
                    settled[thread.id] = count
                    return true
                case .some(false): return true
                case nil: return false
                }
            }
            if pending.isEmpty || Clock.monotonic() > deadline { return settled }
            usleep(500)
        }
    }

    /// Whether a thread waits where it did when it was stopped; nil while it runs. Where the
    /// kernel does not tell, that it waits must do.
    ///
    /// The file says `running`, or the number of the call, six arguments, the stack pointer and
    /// the program counter; outside of a call -1 and those two (proc(5)).
    private static func isBack(_ thread: CapturedThread, in directory: OpenFile) -> Bool? {
        guard let text = text("\(thread.id)/syscall", in: directory) else { return true }
        let words = text.utf8.split { $0 == 0x20 || $0 == 0x0a }
        guard words.count >= 3 else { return nil }
        let numbers = words.suffix(2).map { UInt64(Substring($0.dropFirst(2)), radix: 16) }
        return numbers == [thread.registers?.stackPointer, thread.registers?.programCounter]
    }

    /// Whether the freezer of a cgroup holds a thread, as that of a paused container does. Version 2
    /// holds it on its way back from a call or the stop (kernel/signal.c), version 1 in a place of
    /// its own (kernel/freezer.c); the name is that of the function, or of one it is compiled into.
    private static func isFrozen(_ thread: Int32, in directory: OpenFile) -> Bool {
        let places: Set = ["do_freezer_trap", "get_signal", "__refrigerator"]
        return text("\(thread)/wchan", in: directory).map(places.contains) ?? false
    }

    private static func status(of thread: Int32, in directory: OpenFile) -> ProcessStatus? {
        bytes("\(thread)/status", in: directory).map { ProcessStatus($0) }
    }

    private static func text(_ path: String, in directory: OpenFile) -> String? {
        bytes(path, in: directory).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func bytes(_ path: String, in directory: OpenFile) -> [UInt8]? {
        guard let file = try? directory.open(path) else { return nil }
        return try? file.contents(limit: 1 << 16)
    }

    private func isUnmoved(_ task: TaskRecord, _ capture: Capture) -> Bool {
        let words = RuntimeLayout.stillWords
        guard let start = task.address.advanced(by: words.lowerBound),
            let then = capture.memory.copy(start, count: words.count)
        else { return false }
        return memory.bytes(at: start.value, count: words.count) == then
    }
}
