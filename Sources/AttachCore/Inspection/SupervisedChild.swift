import CLinux
import CSandbox
import Glibc

/// How a piece of work in a process of its own ended.
public enum SupervisedOutcome: Hashable, Sendable {
    /// It returned this status.
    case exited(Int32)
    /// It was ended by a signal that was not ours: a fault in it.
    case crashed(signal: Int32)
    /// It held the target for too long, and was ended; the kernel has released the target.
    case stopTimeout
    /// It took too long altogether, and was ended.
    case timeout
    /// Somebody asked us to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT); it was ended.
    case interrupted(signal: Int32)
}

/// Runs the work that touches the target in a process of its own, and watches over it.
///
/// Whatever happens there, an endless loop in foreign unwind tables or a knot with the target's
/// exec, it is ended at a deadline, and with it every hold on the target (ptrace(2): a tracer's
/// end releases its tracees). It also ends when we do.
public enum SupervisedChild {
    /// Nanoseconds that each part may take.
    public struct Deadlines: Sendable {
        /// From the first seized thread to the last release.
        public var stop: Int64 = 5_000_000_000
        /// Altogether.
        public var total: Int64 = 60_000_000_000

        /// The defaults.
        public init() {}
    }

    /// The exit status of a child that could not be made to end with us, and so did nothing
    /// (EX_OSERR, sysexits.h).
    public static let unbound = HelperProcess.unbound

    /// Tells the supervisor how far a capture is.
    public struct ProgressReport: Sendable {
        fileprivate let descriptor: Int32

        /// Tells it.
        public func callAsFunction(_ progress: CaptureProgress) {
            var byte = progress.rawValue
            _ = unsafe write(descriptor, &byte, 1)
        }
    }

    /// Runs `body` in a child process. This process must have one thread only.
    ///
    /// - Parameter body: its result is the child's exit status. It gets what tells the supervisor
    ///   how far the capture is.
    public static func run(
        deadlines: Deadlines, body: (ProgressReport) -> Int32
    ) throws(AttachError) -> SupervisedOutcome {
        var ends: [Int32] = [-1, -1]
        let failure = unsafe cl_pipe(&ends)
        guard failure == 0 else { throw .system(what: "make a pipe", errno: failure) }
        let reading = FileDescriptor(adopting: ends[0])
        let writing = FileDescriptor(adopting: ends[1])
        let signals = FileDescriptor(adopting: cl_end_signals())
        let parent = getpid()
        let child = cl_fork()
        guard child >= 0 else { throw .system(what: "fork", errno: -child) }
        if child == 0 {
            guard cl_die_with_parent(parent) == 0 else { _exit(Self.unbound) }
            cl_leave_terminal()
            _ = consume reading
            _ = consume signals
            cl_fault_silently()
            cl_allow_many_files()
            let status = OwnThread.run(stackBytes: HelperProcess.stackBytes) {
                () throws(Never) -> Int32 in
                body(ProgressReport(descriptor: writing.number))
            }
            _exit(status.get())
        }
        _ = consume writing
        var watch = Watch(
            child: child, progress: reading, signals: signals, deadlines: deadlines)
        return watch.untilEnd()
    }

    /// Waits for one child.
    private struct Watch: ~Copyable {
        let child: Int32
        let progress: FileDescriptor
        let signals: FileDescriptor
        let deadlines: Deadlines
        private let start = Clock.monotonic()
        private var stopDeadline: Int64?
        private var isProgressOpen = true

        init(
            child: Int32, progress: consuming FileDescriptor, signals: consuming FileDescriptor,
            deadlines: Deadlines
        ) {
            self.child = child
            self.progress = progress
            self.signals = signals
            self.deadlines = deadlines
        }

        mutating func untilEnd() -> SupervisedOutcome {
            let process = FileDescriptor(adopting: cl_pidfd_open(child))
            while true {
                let now = Clock.monotonic()
                if let stopDeadline, now >= stopDeadline { return end(.stopTimeout) }
                if now >= start + deadlines.total { return end(.timeout) }
                let next = min(stopDeadline ?? .max, start + deadlines.total)
                let handle = process.number
                var pollers = [
                    pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: signals.number, events: Int16(POLLIN), revents: 0),
                    pollfd(
                        fd: isProgressOpen ? progress.number : -1, events: Int16(POLLIN), revents: 0
                    ),
                ]
                // Without a pidfd (before Linux 5.3) we have to look now and then.
                let longest: Int64 = handle >= 0 ? .max : 10
                let milliseconds = Int32(clamping: min((next - now) / 1_000_000 + 1, longest))
                _ = unsafe poll(&pollers, nfds_t(pollers.count), milliseconds)
                if pollers[2].revents != 0 { takeProgress() }
                if pollers[1].revents != 0 {
                    let signal = cl_take_signal(signals.number)
                    if signal != 0 { return end(.interrupted(signal: signal)) }
                }
                if pollers[0].revents != 0 || handle < 0, let outcome = reap(block: false) {
                    return outcome
                }
            }
        }

        private mutating func takeProgress() {
            var byte: UInt8 = 0
            guard unsafe read(progress.number, &byte, 1) == 1 else {
                isProgressOpen = false
                return
            }
            switch CaptureProgress(rawValue: byte) {
            case .stopping: stopDeadline = Clock.monotonic() + deadlines.stop
            case .released: stopDeadline = nil
            case nil: break
            }
        }

        private func end(_ outcome: SupervisedOutcome) -> SupervisedOutcome {
            kill(child, SIGKILL)
            _ = reap(block: true)
            return outcome
        }

        private func reap(block: Bool) -> SupervisedOutcome? {
            var status: Int32 = 0
            var result: pid_t
            repeat {
                result = unsafe waitpid(child, &status, block ? 0 : WNOHANG)
            } while result < 0 && errno == EINTR
            guard result == child else { return nil }
            let signal = status & 0x7f
            return signal == 0 ? .exited((status >> 8) & 0xff) : .crashed(signal: signal)
        }
    }

    /// Makes sure that descriptors 0, 1 and 2 are taken, whoever started us. To be called before
    /// anything is opened.
    public static func holdStandardDescriptors() { cl_hold_standard_descriptors() }

    /// Gives up every privilege once nothing but foreign bytes are left to be read.
    public static func confine(memoryBytes: UInt64, seconds: UInt64) {
        // Nothing asks a server any more; the library that reads debug information could.
        unsafe unsetenv("DEBUGINFOD_URLS")
        sb_confine(memoryBytes, seconds)
    }

    /// Ends this process as the signal would have.
    public static func die(of signal: Int32) -> Never {
        cl_die_of(signal)
        _exit(128 + signal)
    }
}
