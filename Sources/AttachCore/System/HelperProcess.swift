import CLinux
import Glibc

/// A process of ours, forked from this one and connected to it. It ends with this value, and with
/// this process.
struct HelperProcess: ~Copyable {
    /// Leads to it.
    let channel: Channel
    /// Its pid, until it has been ended.
    private(set) var pid: pid_t

    /// The exit status of a process that could not be made to end with this one, and so did
    /// nothing (EX_OSERR, sysexits.h).
    static let unbound: Int32 = 71
    /// Names and debug information of the target decide how deep their readers go.
    static let stackBytes = 64 << 20

    /// Starts it.
    ///
    /// - Parameter body: What it does, with its own end of the channel; it ends when that returns.
    init(_ body: (consuming Channel) -> Void) throws(Channel.Failure) {
        let (ours, theirs) = try Channel.pair()
        let parent = getpid()
        let child = cl_fork()
        if child == 0 {
            guard cl_die_with_parent(parent) == 0 else { _exit(Self.unbound) }
            cl_leave_terminal()
            close(ours)
            cl_fault_silently()
            cl_allow_many_files()
            _ = OwnThread.run(stackBytes: Self.stackBytes) { () throws(Never) in
                body(Channel(adopting: theirs))
            }
            _exit(0)
        }
        close(theirs)
        guard child > 0 else {
            close(ours)
            throw .system(errno: -child)
        }
        channel = Channel(adopting: ours)
        pid = child
    }

    deinit {
        guard pid > 0 else { return }
        kill(pid, SIGKILL)
        _ = Self.reap(pid)
    }

    /// Waits for a process that has said nothing more, or ends it: by which signal it ended; 0 for
    /// none.
    consuming func end() -> Int32 {
        // What has crashed is dead already, and does not die of this any more.
        kill(pid, SIGKILL)
        defer { pid = 0 }
        return Self.reap(pid)
    }

    private static func reap(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f
    }
}
