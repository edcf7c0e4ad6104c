/// Says in words what a thread does or waits for.
struct ThreadWords {
    let index: SnapshotIndex
    let verbose: Bool

    /// What the kernel had the thread doing, e.g. `waits for mutex 0x40 owned by thread 4251`.
    func activity(of thread: ThreadRecord) -> PageText {
        let call = systemCall(of: thread).map { "in \($0)" as PageText }
        switch thread.state {
        case .running: return call.map { "running \($0)" } ?? "running"
        case .sleeping, .unknown:
            guard let words = thread.wait.flatMap({ waiting($0, in: thread.systemCall) }) else {
                return call ?? (thread.state == .sleeping ? "sleeping" : "state not known")
            }
            return verbose ? call.map { "\(words) (\($0))" } ?? words : words
        case .uninterruptible: return "uninterruptible \(call ?? "wait in the kernel")"
        case .stopped:
            return call.map { "stopped by job control \($0)" } ?? "stopped by job control"
        case .zombie: return "ended, not yet reaped"
        }
    }

    /// The name of the system call that a thread sits in; nil for none.
    func systemCall(of thread: ThreadRecord) -> PageText? {
        guard let call = thread.systemCall else { return nil }
        return call.name.map { PageText(escaping: $0) } ?? "system call \(call.number)"
    }

    /// Nil where the wait says no more than the system call does.
    private func waiting(_ wait: ThreadWait, in call: SystemCall?) -> PageText? {
        var words: PageText
        switch wait.kind {
        case .sleep:
            guard let left = wait.timeLeft else { return "sleeps" }
            return left > 0
                ? "sleeps, \(PageText(duration: left)) left"
                : "sleeps, should have woken \(PageText(duration: left)) ago"
        case .work: return wait.isForEvents ? "waits for events" : "waits for work"
        case .descriptor:
            guard let first = wait.descriptors.first else { return nil }
            words = "\(Self.verb(call)) \(Self.words(for: first))"
            if wait.descriptors.count > 1 { words += " and \(wait.descriptors.count - 1) more" }
        case .childProcess: words = "waits for a child process to end"
        case .signal: words = "waits for a signal"
        case .join:
            words = "waits for the end of "
            words += wait.owner.map { index.reference(toThread: $0) } ?? "a thread"
            return words + timeout(wait)
        case .dispatchSync:
            words = "waits for its turn on \(object(wait))"
            words += owner(wait)
        case .readLock: words = "waits to read under \(object(wait))" + owner(wait)
        case .writeLock: words = "waits to write under \(object(wait))" + owner(wait)
        case .once: words = "waits for the \(object(wait))" + owner(wait)
        case .mutex, .lock, .recursiveLock, .swiftMutex, .runtimeLock:
            words = "waits for \(object(wait))" + owner(wait)
        case .semaphore, .condition, .dispatchSemaphore:
            words = "waits for \(object(wait)), which has no owner"
        case .dispatchGroup: words = "waits for \(object(wait))"
        case .futex:
            guard wait.object != nil || wait.owner != nil else { return nil }
            words = "waits for \(object(wait))"
            if wait.owner != nil || wait.deadOwner != nil { words += owner(wait) }
        case .other: return nil
        }
        return words + timeout(wait)
    }

    /// `mutex 0x40`, `dispatch queue "label"`.
    private func object(_ wait: ThreadWait) -> PageText {
        let noun = wait.kind.noun
        if let label = wait.label, !label.isEmpty { return "\(noun) \(PageText(quoting: label))" }
        return wait.object.map { "\(noun) \($0)" } ?? noun
    }

    private func owner(_ wait: ThreadWait) -> PageText {
        if let owner = wait.owner {
            var text: PageText = " owned by \(index.reference(toThread: owner))"
            if let thread = index.thread(owner) {
                if let call = systemCall(of: thread) {
                    text += " (in \(call))"
                } else if thread.state == .running {
                    text += " (running)"
                }
            }
            return text
        }
        if let dead = wait.deadOwner { return " owned by thread \(dead), which has ended" }
        return ", owner not known"
    }

    private func timeout(_ wait: ThreadWait) -> PageText {
        if let left = wait.timeLeft, left > 0 {
            return ", gives up in \(PageText(duration: left))"
        }
        return wait.hasUnknownTimeout ? ", with a time-out" : ""
    }

    private static func verb(_ call: SystemCall?) -> PageText {
        switch call?.name {
        case "read", "readv", "pread64", "preadv", "preadv2", "recvfrom", "recvmsg", "recvmmsg":
            return "reads from"
        case "write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg",
            "sendfile":
            return "writes to"
        case "accept", "accept4": return "accepts connections on"
        case "connect": return "connects"
        case "flock", "fcntl": return "waits for a lock on"
        case "fsync", "fdatasync", "sync_file_range": return "waits for the storage of"
        case "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6":
            return "waits for events on"
        case let name?: return "in \(name) on"
        case nil: return "waits for"
        }
    }

    private static func words(for descriptor: DescriptorRecord) -> PageText {
        let kind: PageText
        switch descriptor.kind {
        case .closed: return "descriptor \(descriptor.number), which is closed"
        case .other: kind = "descriptor"
        default: kind = "\(descriptor.kind.rawValue)"
        }
        guard let name = descriptor.name, !name.isEmpty else {
            return "\(kind) \(descriptor.number)"
        }
        return "\(kind) \(descriptor.number) (\(name))"
    }
}

extension ThreadWait {
    /// Whether what it has nothing to do with are events on descriptors, as in an event loop.
    var isForEvents: Bool { !descriptors.isEmpty }
}

extension ThreadWait.Kind {
    /// What a kind of thing is called, with room for its address behind it.
    var noun: PageText {
        switch self {
        case .mutex: "mutex"
        case .lock: "NSLock"
        case .recursiveLock: "NSRecursiveLock"
        case .swiftMutex: "Mutex"
        case .readLock, .writeLock: "read-write lock"
        case .runtimeLock: "runtime lock"
        case .once: "first use of a global"
        case .semaphore: "semaphore"
        case .condition: "condition variable"
        case .dispatchSync: "dispatch queue"
        case .dispatchSemaphore: "DispatchSemaphore"
        case .dispatchGroup: "DispatchGroup"
        case .futex: "futex"
        case .join, .sleep, .descriptor, .childProcess, .signal, .work, .other: "lock"
        }
    }
}
