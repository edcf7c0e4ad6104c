import CLinux
import Glibc

/// The descriptors of a process whose kernel side may hold addresses of its memory.
struct DescriptorHolders: Equatable {
    /// By number, in order.
    private(set) var epolls: [Int32] = []
    private(set) var counters: [Int32] = []
    /// Why there may be more that cannot be seen; nil where there is not.
    private(set) var silentBecause: String?

    /// More counters than these would keep the process standing for too long.
    private static let mostCounters = 500
    /// More descriptors than these are not looked through.
    private static let limit = 100_000
    /// So many threads' descriptors are compared one by one where the kernel does not compare them.
    private static let mostTables = 64

    /// Looks through the descriptors; meant for before the stop and after it.
    init(_ directory: borrowing ProcessDirectory, thread: Int32) {
        guard let numbers = directory.numbers(in: "task/\(thread)/fd", limit: Self.limit) else {
            silentBecause = "its descriptors could not be looked at"
            return
        }
        for number in numbers.sorted() {
            let path = "task/\(thread)/fd/\(number)"
            guard let link = directory.destination(of: path) else { continue }
            switch link {
            case "anon_inode:[eventpoll]": epolls.append(number)
            case "anon_inode:[eventfd]": counters.append(number)
            default:
                if let kind = Self.silentKind(link)
                    ?? (Self.isMessageQueue(link, path, directory) ? "a message queue" : nil)
                {
                    silentBecause = "\(kind) may hold addresses that cannot be read"
                }
            }
        }
        if counters.count > Self.mostCounters {
            counters = []
            silentBecause = silentBecause ?? "it has very many eventfds"
        }
        if !Self.isOnlyTable(directory, thread: thread, numbers: numbers) {
            silentBecause = silentBecause ?? "one of its threads has descriptors of its own"
        }
    }

    /// What tells nothing of the addresses that it holds.
    static func silentKind(_ link: String) -> String? {
        switch link {
        case "anon_inode:[io_uring]": "an io_uring"
        case "anon_inode:[userfaultfd]": "a userfaultfd"
        case "anon_inode:bpf-map": "a BPF map"
        default: nil
        }
    }

    /// Such a queue keeps the value of mq_notify(3). The kernel mounts their file system for itself,
    /// so the link is the name alone, which has one slash; a file in the root folder looks like it.
    private static func isMessageQueue(
        _ link: String, _ path: String, _ directory: borrowing ProcessDirectory
    ) -> Bool {
        if link.hasPrefix("/dev/mqueue/") { return true }
        guard link.hasPrefix("/"), !link.dropFirst().contains("/") else { return false }
        // Nothing is opened, so that nothing happens: the descriptor names the file alone.
        guard let file = try? directory.open(path, flags: cl_open_path_only) else { return true }
        return cl_is_message_queue(file.number) != 0
    }

    /// Whether all threads have the same table (CLONE_FILES, unshare(2)).
    private static func isOnlyTable(
        _ directory: borrowing ProcessDirectory, thread: Int32, numbers: [Int32]
    ) -> Bool {
        guard let threads = try? directory.threadIDs() else { return true }
        var sorted: [Int32]?
        for (count, other) in threads.enumerated() where other != thread {
            let result = cl_same_files(thread, other)
            // It has ended.
            if result == 1 || result == -ESRCH { continue }
            guard result < 0, count < mostTables else { return false }
            // A filter forbids the call, or the kernel has not got it.
            let mine = sorted ?? numbers.sorted()
            sorted = mine
            let theirs = directory.numbers(in: "task/\(other)/fd", limit: limit)
            if let theirs, !theirs.isEmpty, theirs.sorted() != mine { return false }
        }
        return true
    }
}

extension KernelReferences {
    /// Reads what the kernel keeps, while the process stands: all but what can take long, the
    /// members of its epolls.
    ///
    /// - Parameter holders: those that were found before.
    init(
        _ directory: borrowing ProcessDirectory, thread: Int32, stopped: borrowing StoppedProcess,
        holders: DescriptorHolders
    ) {
        self.init()
        if let reason = holders.silentBecause { note(reason) }
        for number in holders.counters {
            guard let text = directory.text(of: "task/\(thread)/fdinfo/\(number)"),
                let value = Self.counterValue(text)
            else {
                note("the value of an eventfd could not be read")
                continue
            }
            // Nothing is mapped on the first page; most counts are small.
            if value >= TargetMemory.smallestPage { words.append(value) }
        }
        // Absent where the kernel was built without CONFIG_CHECKPOINT_RESTORE.
        if let timers = directory.text(of: "timers") {
            words += Self.timerData(timers)
        } else {
            note("its timers cannot be looked at")
        }
        if let values = stopped.signalValues() {
            words += values
        } else {
            note("what pending signals carry could not be read")
        }
    }

    /// Says so if there are other descriptors now than there were before.
    mutating func check(_ now: DescriptorHolders, against before: DescriptorHolders) {
        if now != before { note("its descriptors changed while it was being stopped") }
    }
}
