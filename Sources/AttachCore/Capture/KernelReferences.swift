import AttachReport
import Glibc

/// Addresses that the kernel keeps for the process and will hand back to it one day: the data of
/// events that an epoll waits for, and of timers. No memory of the process holds them.
public struct KernelReferences: Sendable, Codable {
    /// What it keeps.
    public var words: [UInt64] = []
    /// Why there may be more that cannot be seen; nil where there is not.
    public var incompleteBecause: String?

    /// Words, and why there may be more.
    public init(words: [UInt64] = [], incompleteBecause: String? = nil) {
        self.words = words
        self.incompleteBecause = incompleteBecause
    }

    /// Descriptors whose kernel side may hold addresses.
    struct Holders: Equatable {
        var epolls: [Int32] = []
        /// A kind that does not tell what it holds.
        var silent: String?
        var isWhole = true

        /// Looks through the descriptors; meant for before the stop and after it.
        init(_ directory: borrowing ProcessDirectory, thread: Int32) {
            guard let numbers = directory.numbers(in: "task/\(thread)/fd", limit: Self.limit) else {
                isWhole = false
                return
            }
            for number in numbers {
                guard let link = directory.destination(of: "task/\(thread)/fd/\(number)")
                else { continue }
                switch link {
                case "anon_inode:[eventpoll]": epolls.append(number)
                case "anon_inode:[io_uring]": silent = "an io_uring"
                case "anon_inode:[userfaultfd]": silent = "a userfaultfd"
                default: break
                }
            }
            epolls.sort()
        }

        private static let limit = 100_000
    }

    /// Reads what the kernel keeps, while the process stands: all but what can take long, the
    /// members of its epolls.
    ///
    /// - Parameter holders: those that were found before.
    init(
        _ directory: borrowing ProcessDirectory, thread: Int32, holders: Holders
    ) {
        if !holders.isWhole { incompleteBecause = "its descriptors could not be looked at" }
        if let silent = holders.silent {
            incompleteBecause = "\(silent) may hold addresses that cannot be read"
        }
        // Absent where the kernel was built without CONFIG_CHECKPOINT_RESTORE.
        if let timers = directory.text(of: "task/\(thread)/timers") {
            words += Self.timerData(timers)
        }
        if let status = directory.text(of: "task/\(thread)/status"), Self.hasQueuedSignal(status) {
            incompleteBecause = "a signal is pending that may carry an address"
        }
    }

    /// Says so if there are other descriptors now than there were before.
    mutating func check(_ now: Holders, against before: Holders) {
        guard now != before, incompleteBecause == nil else { return }
        incompleteBecause = "its descriptors changed while it was being stopped"
    }

    /// The `data` of lines such as `tfd: 5 events: 19 data: 7f12 pos:0 …` (proc_pid_fdinfo(5)).
    static func eventData(_ bytes: [UInt8]) -> [UInt64] {
        bytes.split(separator: 0x0a).compactMap { line in
            let fields = line.split(separator: 0x20)
            guard fields.first?.elementsEqual("tfd:".utf8) == true,
                let at = fields.firstIndex(where: { $0.elementsEqual("data:".utf8) }),
                at + 1 < fields.count
            else { return nil }
            return UInt64(String(decoding: fields[at + 1], as: UTF8.self), radix: 16)
        }
    }

    /// The value in lines such as `signal: 60/00007fff86e452a8` (proc_pid_timers(5)).
    static func timerData(_ text: String) -> [UInt64] {
        text.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("signal:"), let value = line.split(separator: "/").last else {
                return nil
            }
            return UInt64(value, radix: 16)
        }
    }

    /// Whether a real-time signal is pending, in the thread or the process: others carry no value
    /// that anybody counts on.
    static func hasQueuedSignal(_ status: String) -> Bool {
        status.split(separator: "\n").contains { line in
            guard line.hasPrefix("SigPnd:") || line.hasPrefix("ShdPnd:"),
                let mask = line.split(whereSeparator: { $0 == "\t" || $0 == " " }).last
                    .flatMap({ UInt64($0, radix: 16) })
            else { return false }
            return mask >> 31 != 0
        }
    }
}
