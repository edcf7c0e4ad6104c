import AttachReport
import Glibc

/// Looks up what the descriptors are that threads wait on, after the target was released.
///
/// Only those that a system call names are asked for, and no more of them than a reader would
/// look at; the tables of sockets are read once, and only those that can hold what is asked for.
struct DescriptorLookup: ~Copyable {
    /// Descriptors in all.
    private static let limit = 1024
    /// Bytes of one table of sockets.
    private static let tableLimit = 32 << 20
    /// Nanoseconds for everything.
    private static let patience: Int64 = 150_000_000

    private let folder: String
    private let deadline: Int64
    /// What was found, by number.
    private(set) var found: [Int32: OpenDescriptor] = [:]
    /// Inodes of sockets.
    private var sockets: [UInt64: [Int32]] = [:]

    /// A look-up through a thread that lives.
    init(thread: Int32) {
        folder = "task/\(thread)"
        deadline = Clock.monotonic() + Self.patience
    }

    /// Looks up these descriptors, and those that an epoll among them watches.
    mutating func look(_ directory: borrowing ProcessDirectory, _ numbers: [Int32]) {
        var members: [Int32] = []
        for number in numbers {
            look(directory, number)
            members += found[number]?.members ?? []
        }
        for number in members { look(directory, number) }
        lookUpSockets(directory)
    }

    private mutating func look(_ directory: borrowing ProcessDirectory, _ number: Int32) {
        guard found[number] == nil, found.count < Self.limit, Clock.monotonic() < deadline else {
            return
        }
        let link: String
        do throws(SystemError) {
            link = try directory.link(at: "\(folder)/fd/\(number)")
        } catch {
            // Anything but "no such file" says nothing about the descriptor.
            if error.errno == ENOENT { found[number] = OpenDescriptor(number, link: nil) }
            return
        }
        var open = OpenDescriptor(number, link: link)
        switch open.record.kind {
        case .file, .epoll, .eventfd, .timerfd, .pidfd:
            let text = try? directory.contents(
                of: "\(folder)/fdinfo/\(number)", limit: Self.informationLimit)
            open = OpenDescriptor(
                number, link: link, information: text.map { String(decoding: $0, as: UTF8.self) })
        case .socket:
            if let inode = OpenDescriptor.socketInode(link) {
                sockets[inode, default: []].append(number)
            }
        default: break
        }
        found[number] = open
    }

    /// An epoll has a line for each member.
    private static let informationLimit = 64 << 10

    // MARK: Threads

    /// Looks up what the calls of these threads name, and marks the threads that have left their
    /// call meanwhile: a number may stand for something else by now.
    static func descriptors(
        of threads: inout [CapturedThread], memory: TargetMemory,
        _ directory: borrowing ProcessDirectory, handle: Int32, architecture: Architecture
    ) -> [Int32: OpenDescriptor] {
        repairCalls(of: &threads, directory, handle: handle, architecture)
        var numbers: [Int32] = []
        var asking: [Int] = []
        for (index, thread) in threads.enumerated() where numbers.count < limit {
            guard let call = thread.systemCall,
                let own = DescriptorArguments.descriptors(of: call, in: memory), !own.isEmpty
            else { continue }
            numbers += own
            asking.append(index)
        }
        guard !numbers.isEmpty else { return [:] }
        var lookup = DescriptorLookup(thread: handle)
        lookup.look(directory, numbers)
        lookup.check(&threads, asking, directory, architecture)
        return lookup.found
    }

    /// The code that made a call is read where it lies: this thread may have gone
    /// on, but its program has not changed.
    private static func repairCalls(
        of threads: inout [CapturedThread], _ directory: borrowing ProcessDirectory, handle: Int32,
        _ architecture: Architecture
    ) {
        let incomplete = threads.indices.filter {
            architecture == .aarch64
                || threads[$0].systemCall?.number == SystemCallRepair.restart(architecture)
        }
        guard !incomplete.isEmpty else { return }
        guard let file = try? directory.open("task/\(handle)/mem") else { return }
        let memory = OpenFile(file)
        let repair = SystemCallRepair { address, count in
            memory.bytes(at: address.value, count: count)
        }
        for index in incomplete { repair.repair(&threads[index]) }
    }

    /// Marks those of the threads that have left their call. One that is on its way back into it,
    /// and waits for a processor, is given a moment.
    private func check(
        _ threads: inout [CapturedThread], _ indices: [Int],
        _ directory: borrowing ProcessDirectory, _ architecture: Architecture
    ) {
        var undecided = indices.filter { index in
            threads[index].systemCall.map { !DescriptorArguments.isEventLoop($0) } ?? false
        }
        var pause: UInt32 = 200
        while !undecided.isEmpty {
            undecided.removeAll { index in
                guard let call = threads[index].systemCall,
                    let text = directory.text(of: "task/\(threads[index].id)/syscall")
                else {
                    threads[index].hasMovedOn = true
                    return true
                }
                if text.hasPrefix("running") { return false }
                threads[index].hasMovedOn = !Self.isSame(call, text, architecture)
                return true
            }
            guard !undecided.isEmpty, Clock.monotonic() < deadline else { break }
            usleep(pause)
            pause = min(pause * 2, 10_000)
        }
        for index in undecided { threads[index].hasMovedOn = true }
    }

    /// Whether a thread is still in a call, or in one with the same arguments, which comes to the
    /// same.
    private static func isSame(
        _ call: SystemCall, _ text: String, _ architecture: Architecture
    ) -> Bool {
        guard let now = SystemCallReader.call(text: text, architecture) else { return false }
        return (now.number == call.number || now.number == SystemCallRepair.restart(architecture))
            && now.arguments.prefix(2) == call.arguments.prefix(2)
    }

    // MARK: Sockets

    private mutating func lookUpSockets(_ directory: borrowing ProcessDirectory) {
        guard !sockets.isEmpty else { return }
        var wanted: [SocketTable.Kind: Set<UInt64>] = [:]
        for (inode, numbers) in sockets {
            guard let number = numbers.first else { continue }
            let name = protocolName(directory, number)
            for kind in SocketTable.Kind.allCases where name == nil || kind.matches(name ?? "") {
                wanted[kind, default: []].insert(inode)
            }
            if let name { setName(Self.short(name), ofSocket: inode) }
        }
        for kind in SocketTable.Kind.allCases {
            guard let inodes = wanted[kind] else { continue }
            for (inode, name) in read(kind, directory, inodes) { setName(name, ofSocket: inode) }
        }
    }

    private mutating func setName(_ name: String, ofSocket inode: UInt64) {
        for number in sockets[inode] ?? [] { found[number]?.record.name = name }
    }

    private static func short(_ name: String) -> String {
        SocketTable.Kind.allCases.first { $0.matches(name) }?.protocolName ?? name.lowercased()
    }

    private func read(
        _ kind: SocketTable.Kind, _ directory: borrowing ProcessDirectory, _ inodes: Set<UInt64>
    ) -> [UInt64: String] {
        guard let file = try? directory.open("\(folder)/net/\(kind.rawValue)") else { return [:] }
        var table = SocketTable(kind, wanted: inodes)
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        var total = 0
        while !table.isDone, total < Self.tableLimit, Clock.monotonic() < deadline {
            guard let count = try? file.read(into: &chunk), count > 0 else { break }
            total += count
            table.append(chunk[..<count])
        }
        return table.names
    }

    /// What the socket says its protocol is, e.g. `TCPv6` (net/socket.c, `system.sockprotoname`).
    private func protocolName(
        _ directory: borrowing ProcessDirectory, _ number: Int32
    ) -> String? {
        directory.attribute("system.sockprotoname", of: "\(folder)/fd/\(number)")
    }
}

extension SocketTable.Kind {
    /// Whether sockets of this protocol are in the table.
    fileprivate func matches(_ name: String) -> Bool {
        switch self {
        case .tcp: name == "TCP"
        case .tcp6: name == "TCPv6"
        case .udp: name == "UDP"
        case .udp6: name == "UDPv6"
        case .unix: name.hasPrefix("UNIX")
        }
    }
}
