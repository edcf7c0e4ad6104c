public import AttachReport
import CLinux
import Glibc

/// Looks at a process again, a moment after it was captured and without stopping it: what has not
/// moved in between?
///
/// It needs no privilege that the capture did not have, and none any more once it was made: the
/// files are open.
public struct SecondLook: Sendable {
    /// Nanoseconds during which a thread must not run to count as unmoved. A healthy thread that
    /// waits for a lock or for data waits that long only if there is nothing to do for it.
    public static let interval: Int64 = 200_000_000

    /// The words of a task that stay as they are while nothing happens to it: behind the links of
    /// the queues that it may be in, and before its slabs (AsyncTask, swift/ABI/Task.h).
    private static let taskWords: Range<UInt64> = 32..<192

    private let directory: OpenFile
    private let memory: OpenFile

    /// nil where the process is gone.
    init?(_ directory: borrowing ProcessDirectory, thread: Int32) {
        let folder = directory.open("task", flags: O_RDONLY | O_DIRECTORY)
        guard folder >= 0 else { return nil }
        self.directory = OpenFile(adopting: folder)
        let file = directory.open("task/\(thread)/mem")
        guard file >= 0 else { return nil }
        memory = OpenFile(adopting: file)
    }

    /// What of the snapshot had not moved; nil where the process cannot be seen any more. Takes
    /// `interval`.
    ///
    /// - Parameter capture: what the snapshot was made of.
    public func stillness(of snapshot: Snapshot, capture: Capture) -> Stillness? {
        let start = Clock.monotonic()
        let before = switches(of: snapshot.threads)
        guard !before.isEmpty else { return nil }
        Clock.sleep(until: start + Self.interval)
        let end = Clock.monotonic()
        let after = switches(of: snapshot.threads)
        guard !after.isEmpty else { return nil }
        let threads = before.filter { after[$0.key] == $0.value }.map(\.key)
        let tasks = snapshot.tasks.lazy.filter { $0.state != .running }
            .filter { isUnmoved($0, capture) }.map(\.id)
        return Stillness(
            nanoseconds: end - start, threads: Set(threads), tasks: Set(tasks))
    }

    /// How often each thread that waits has given its processor up. One that runs moves, without
    /// a switch perhaps, and of one that something holds stopped the number says nothing.
    private func switches(of threads: [ThreadRecord]) -> [Int32: UInt64] {
        threads.reduce(into: [:]) { result, thread in
            let file = unsafe cl_openat(
                directory.descriptor, "\(thread.id)/status", O_RDONLY)
            guard file >= 0 else { return }
            defer { close(file) }
            guard case .success(let bytes) = FileBytes.read(descriptor: file, limit: 1 << 16)
            else { return }
            let status = ProcessStatus(String(decoding: bytes, as: UTF8.self))
            guard status.isWaiting, let switches = status.contextSwitches else { return }
            result[thread.id] = switches
        }
    }

    private func isUnmoved(_ task: TaskRecord, _ capture: Capture) -> Bool {
        guard let start = task.address.advanced(by: Self.taskWords.lowerBound),
            let then = capture.memory.copy(start, count: Self.taskWords.count)
        else { return false }
        var now = [UInt8](repeating: 0, count: Self.taskWords.count)
        let count = unsafe now.withUnsafeMutableBytes { bytes in
            unsafe pread(
                memory.descriptor, bytes.baseAddress, bytes.count,
                off_t(truncatingIfNeeded: start.value))
        }
        return count == now.count && now == then
    }
}
