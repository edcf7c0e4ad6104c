/// Addresses that the kernel keeps for the process and will hand back to it one day: the data of
/// events that an epoll waits for, of timers and of pending signals, and counts. No memory of the
/// process holds them.
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

    /// Says why there may be more that cannot be seen.
    mutating func note(_ reason: String) {
        if incompleteBecause == nil { incompleteBecause = reason }
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

    /// The number in the line `eventfd-count:     7f12aa001020` (proc_pid_fdinfo(5)).
    static func counterValue(_ text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix("eventfd-count:") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ":" })
                .dropFirst().last.flatMap { UInt64($0, radix: 16) }
        }
        return nil
    }
}
