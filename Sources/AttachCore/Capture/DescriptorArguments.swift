import AttachReport

/// Which descriptors a system call is about.
enum DescriptorArguments {
    /// How many of one call are looked at; more are of no use to a reader.
    static let limit = 64

    /// Where a call has its descriptors.
    private enum Place {
        case arguments([Int])
        case pollSet
        case bitSets
        case lock
    }

    private static let places: [String: Place] = {
        var places: [String: Place] = [
            "poll": .pollSet, "ppoll": .pollSet, "select": .bitSets, "pselect6": .bitSets,
            "fcntl": .lock,
            "sendfile": .arguments([0, 1]), "splice": .arguments([0, 2]),
            "copy_file_range": .arguments([0, 2]), "tee": .arguments([0, 1]),
        ]
        for name in [
            "read", "write", "pread64", "pwrite64", "readv", "writev", "preadv", "pwritev",
            "preadv2", "pwritev2", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg",
            "sendmmsg", "accept", "accept4", "connect", "shutdown", "fsync", "fdatasync", "syncfs",
            "sync_file_range", "ftruncate", "fallocate", "flock", "ioctl", "close", "getdents",
            "getdents64", "vmsplice", "epoll_wait", "epoll_pwait", "epoll_pwait2",
            "io_uring_enter", "mq_timedsend", "mq_timedreceive",
        ] {
            places[name] = .arguments([0])
        }
        return places
    }()

    /// Whether a call waits for other descriptors by way of its own.
    static func isEventLoop(_ call: SystemCall) -> Bool {
        call.name.map { $0.hasPrefix("epoll_") } ?? false
    }

    /// The descriptors of a call, in its order, each once; nil for a call that has none.
    static func descriptors(of call: SystemCall, in memory: TargetMemory) -> [Int32]? {
        guard let name = call.name, let place = places[name], call.arguments.count >= 6 else {
            return nil
        }
        var found: [Int32]
        switch place {
        case .arguments(let indices):
            found = indices.map { Int32(truncatingIfNeeded: call.arguments[$0]) }
        case .lock:
            // F_SETLKW and F_OFD_SETLKW (asm-generic/fcntl.h)
            guard call.arguments[1] == 7 || call.arguments[1] == 38 else { return nil }
            found = [Int32(truncatingIfNeeded: call.arguments[0])]
        case .pollSet: found = polled(call, memory)
        case .bitSets: found = selected(call, memory)
        }
        var seen: Set<Int32> = []
        found.removeAll { $0 < 0 || !seen.insert($0).inserted }
        return found
    }

    /// The descriptors of an array of `pollfd`.
    private static func polled(_ call: SystemCall, _ memory: TargetMemory) -> [Int32] {
        let count = min(call.arguments[1], UInt64(limit))
        var found: [Int32] = []
        for index in 0..<count {
            guard let place = Address(call.arguments[0]).advanced(by: index * 8),
                let number: Int32 = memory.load(place)
            else { break }
            found.append(number)
        }
        return found
    }

    /// The descriptors of three `fd_set`s, of which the call says how far they go.
    private static func selected(_ call: SystemCall, _ memory: TargetMemory) -> [Int32] {
        // FD_SETSIZE
        let end = Int32(min(call.arguments[0] & 0xffff_ffff, 1024))
        var found: Set<Int32> = []
        for set in call.arguments[1...3] where set != 0 {
            for word in 0..<(end + 63) / 64 {
                guard let place = Address(set).advanced(by: UInt64(word) * 8),
                    var bits = memory.word(place)
                else { break }
                while bits != 0 {
                    let number = word * 64 + Int32(bits.trailingZeroBitCount)
                    bits &= bits - 1
                    if number < end { found.insert(number) }
                }
            }
        }
        return Array(found.sorted().prefix(limit))
    }
}
