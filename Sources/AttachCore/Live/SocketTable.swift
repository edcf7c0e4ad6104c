import Glibc

/// What `/proc/PID/net` says of sockets (proc_pid_net(5)): the ends of those that were asked for.
struct SocketTable {
    /// A table of the kernel's.
    enum Kind: String, CaseIterable {
        case tcp, tcp6, udp, udp6, unix

        var isUnix: Bool { self == .unix }
        var isTCP: Bool { self == .tcp || self == .tcp6 }
        /// What a reader knows it by.
        var protocolName: String {
            switch self {
            case .tcp, .tcp6: "tcp"
            case .udp, .udp6: "udp"
            case .unix: "unix"
            }
        }
    }

    /// A line is at most so long; a longer one is passed over.
    private static let lineLimit = 4096
    /// Local ports of listening sockets that are remembered.
    private static let portLimit = 65_536

    private var wanted: Set<UInt64>
    private var partial: [UInt8] = []
    private var listening: Set<UInt16> = []
    private let kind: Kind
    /// What was found, by inode.
    private(set) var names: [UInt64: String] = [:]

    /// A table in which these inodes are looked for.
    init(_ kind: Kind, wanted: Set<UInt64>) {
        self.kind = kind
        self.wanted = wanted
    }

    /// Whether there is nothing left to look for.
    var isDone: Bool { wanted.isEmpty }

    /// Takes the next bytes of the file.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0a), !isDone {
            if partial.isEmpty {
                line(rest[rest.startIndex..<end])
            } else {
                if partial.count <= Self.lineLimit { partial += rest[rest.startIndex..<end] }
                let whole = partial
                partial = []
                if whole.count <= Self.lineLimit { line(whole[...]) }
            }
            rest = rest[(end + 1)...]
        }
        if partial.count <= Self.lineLimit { partial += rest.prefix(Self.lineLimit + 1) }
    }

    private mutating func line(_ line: ArraySlice<UInt8>) {
        if kind.isUnix { return unixLine(line) }
        // "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …"
        let fields = line.split(separator: 0x20, maxSplits: 10, omittingEmptySubsequences: true)
        guard fields.count >= 10, let inode = Self.number(fields[9], radix: 10) else { return }
        let isListening = kind.isTCP && fields[3].elementsEqual([0x30, 0x41])  // TCP_LISTEN
        if isListening, listening.count < Self.portLimit, let end = SocketEnd(fields[1]) {
            listening.insert(end.port)
        }
        guard wanted.remove(inode) != nil else { return }
        guard let local = SocketEnd(fields[1]), let remote = SocketEnd(fields[2]) else { return }
        let name = kind.protocolName
        if isListening {
            names[inode] = "\(name) \(local) (listening)"
        } else if remote.isNowhere {
            names[inode] = "\(name) \(local)"
        } else if kind.isTCP, listening.contains(local.port) {
            names[inode] = "\(name) \(local) <- \(remote)"
        } else {
            let isConnecting = kind.isTCP && fields[3].elementsEqual([0x30, 0x32])  // TCP_SYN_SENT
            names[inode] = "\(name) \(local) -> \(remote)" + (isConnecting ? " (connecting)" : "")
        }
    }

    private mutating func unixLine(_ line: ArraySlice<UInt8>) {
        // "Num RefCount Protocol Flags Type St Inode Path"; the path may hold spaces.
        let fields = line.split(separator: 0x20, maxSplits: 7, omittingEmptySubsequences: true)
        guard fields.count >= 7, let inode = Self.number(fields[6], radix: 10),
            wanted.remove(inode) != nil
        else { return }
        // __SO_ACCEPTCON
        let isListening = Self.number(fields[3], radix: 16).map { $0 & 0x1_0000 != 0 } ?? false
        let path = fields.count > 7 ? String(decoding: fields[7], as: UTF8.self) : ""
        names[inode] =
            "unix" + (path.isEmpty ? "" : " " + path)
            + (isListening ? " (listening)" : "")
    }

    private static func number(_ field: ArraySlice<UInt8>, radix: Int) -> UInt64? {
        UInt64(String(decoding: field, as: UTF8.self), radix: radix)
    }
}

/// One end of a connection, as the tables write it: the address in words of the CPU's byte order
/// and the port, in hexadecimal.
private struct SocketEnd: CustomStringConvertible {
    private var bytes: [UInt8] = []
    let port: UInt16

    init?(_ field: ArraySlice<UInt8>) {
        let parts = field.split(separator: 0x3a)
        guard parts.count == 2, parts[0].count == 8 || parts[0].count == 32,
            let port = UInt16(String(decoding: parts[1], as: UTF8.self), radix: 16)
        else { return nil }
        self.port = port
        var rest = parts[0]
        while !rest.isEmpty {
            guard let word = UInt32(String(decoding: rest.prefix(8), as: UTF8.self), radix: 16)
            else { return nil }
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
            rest = rest.dropFirst(8)
        }
    }

    /// Whether it is no end at all: nobody is connected.
    var isNowhere: Bool { port == 0 && bytes.allSatisfy { $0 == 0 } }

    /// As inet_ntop(3) writes it; of an address of IPv4 on a socket of IPv6, that address.
    var description: String {
        // ::ffff:0:0/96
        let isMapped =
            bytes.count == 16 && bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff
            && bytes[11] == 0xff
        if isMapped || bytes.count == 4 {
            return "\(Self.text(bytes.suffix(4), AF_INET)):\(port)"
        }
        return "[\(Self.text(bytes[...], AF_INET6))]:\(port)"
    }

    private static func text(_ bytes: ArraySlice<UInt8>, _ family: Int32) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let address = Array(bytes)
        guard unsafe inet_ntop(family, address, &text, socklen_t(text.count)) != nil else {
            return "?"
        }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
