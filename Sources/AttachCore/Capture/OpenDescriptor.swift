public import AttachReport

/// An open file of the target's that a thread waits on.
public struct OpenDescriptor: Hashable, Sendable, Codable {
    /// What it is.
    public var record: DescriptorRecord
    /// For an epoll: those it watches, by number; not all where it watches very many.
    public var members: [Int32] = []

    /// Memberwise.
    init(record: DescriptorRecord, members: [Int32]) {
        self.record = record
        self.members = members
    }

    /// Reads it off what `/proc/PID/fd/N` leads to and `/proc/PID/fdinfo/N` says.
    ///
    /// - Parameters:
    ///   - link: The destination of the link; nil where there is no such descriptor.
    ///   - information: The other text; nil where it was not asked for.
    init(_ number: Int32, link: String?, information: String? = nil) {
        record = DescriptorRecord(number: number, kind: .closed)
        guard let link else { return }
        record.name = link
        switch link {
        case let name where name.hasPrefix("/"): record.kind = Self.kind(ofPath: name)
        case let name where name.hasPrefix("pipe:["): record.kind = .pipe
        case let name where name.hasPrefix("socket:["):
            record.kind = .socket
            record.name = nil
        case let name where name.hasPrefix("pidfd:["): record.kind = .pidfd
        default: record.kind = Self.anonymous[link] ?? .other
        }
        guard let fields = information.map(Self.fields) else { return }
        if record.kind == .file, Self.isDirectory(fields) { record.kind = .directory }
        describe(fields)
    }

    /// How many members of an epoll are kept.
    static let memberLimit = 16

    private static let anonymous: [String: DescriptorRecord.Kind] = [
        "anon_inode:[eventpoll]": .epoll, "anon_inode:[eventfd]": .eventfd,
        "anon_inode:[timerfd]": .timerfd, "anon_inode:[signalfd]": .signalfd,
        "anon_inode:inotify": .inotify, "anon_inode:[pidfd]": .pidfd,
    ]

    private static func kind(ofPath path: String) -> DescriptorRecord.Kind {
        guard path.hasPrefix("/dev/"), !path.hasPrefix("/dev/shm/") else { return .file }
        let isTerminal = ["/dev/pts/", "/dev/tty", "/dev/console"].contains { path.hasPrefix($0) }
        return isTerminal ? .terminal : .device
    }

    /// The inode of a socket, by which the kernel's tables know it.
    static func socketInode(_ link: String) -> UInt64? {
        guard link.hasPrefix("socket:["), link.hasSuffix("]") else { return nil }
        return UInt64(link.dropFirst(8).dropLast())
    }

    // MARK: fdinfo (proc_pid_fdinfo(5))

    private static func fields(_ text: String) -> [(key: Substring, value: Substring)] {
        text.split(separator: "\n").compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (
                line[..<colon].drop { $0 == " " }.prefix { $0 != " " },
                line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            )
        }
    }

    private static func isDirectory(_ fields: [(key: Substring, value: Substring)]) -> Bool {
        // O_DIRECTORY (asm-generic/fcntl.h); arm64's is 0o40000, which is O_DIRECT elsewhere.
        fields.contains { $0.key == "flags" && (UInt64($0.value, radix: 8) ?? 0) & 0o200000 != 0 }
    }

    private mutating func describe(_ fields: [(key: Substring, value: Substring)]) {
        func value(_ key: String) -> Substring? { fields.first { $0.key == key }?.value }
        switch record.kind {
        case .epoll:
            // "tfd: 5 events: 19 data: …", one for each member.
            let members = fields.lazy.filter { $0.key == "tfd" }
                .compactMap { Int32($0.value.prefix { $0 != " " }) }
            self.members = Array(members.sorted().prefix(Self.memberLimit))
            record.name = nil
        case .eventfd: record.name = value("eventfd-count").map { "count \($0.trimmed)" }
        case .pidfd:
            record.name = value("Pid").map {
                $0 == "-1" ? "a process that has ended" : "process \($0)"
            }
        case .timerfd:
            // "it_value: (seconds, nanoseconds)", of what is left; zero where it is not set.
            let left = value("it_value")?.dropFirst().prefix { $0 != "," }
            guard let seconds = left.flatMap({ UInt64($0) }) else { return record.name = nil }
            let isSet = value("it_value") != "(0, 0)"
            record.name = isSet ? "fires in \(seconds) s" : "not set"
        default: break
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " }
        return start
    }
}
