import AttachReport
import CLinux
import Glibc

/// What a capture may cost.
public struct CaptureLimits: Sendable {
    /// Nanoseconds to wait for a thread that does not stop.
    public var stopPatience: Int64 = 250_000_000
    /// Nanoseconds after which copying is given up and the target released; nil for no limit.
    public var maximumPause: Int64?
    /// Bytes of memory that may be copied; nil for half of what the machine has free.
    public var maximumBytes: UInt64?

    /// The defaults.
    public init() {}
}

/// Turns a running process into a `Capture`.
public enum LiveCapture {
    /// Stops the process, copies it, and lets it run on.
    ///
    /// Synchronous, on the calling thread alone: ptrace belongs to it.
    ///
    /// - Throws: when there can be no capture; whatever else is missing is a gap in it.
    @available(*, noasync, message: "ptrace belongs to one thread")
    public static func take(pid: Int32, limits: CaptureLimits = CaptureLimits())
        throws(AttachError) -> Capture
    {
        // An exec in the middle makes another program of it: look again, once.
        for _ in 0..<2 {
            if let capture = try attempt(pid: pid, limits: limits) { return capture }
        }
        throw .keptChanging(pid: pid)
    }

    /// nil where the process became another program meanwhile.
    private static func attempt(pid: Int32, limits: CaptureLimits) throws(AttachError) -> Capture? {
        let directory = try ProcessDirectory(pid: pid)
        let target = try TargetCheck.check(directory)
        var preparation = try CapturePreparation.make(directory, target: target, limits: limits)
        cl_reap_timer(2_000)
        cl_raise_priority(1)
        defer {
            cl_raise_priority(0)
            cl_reap_timer(0)
        }
        let stopped = try StoppedProcess.stop(directory, patience: limits.stopPatience)
        guard TargetIdentity(directory, thread: target.handle) == target.identity else {
            stopped.release()
            return nil
        }
        var window = StopWindow(threadCount: stopped.threads.count)
        window.copy(from: stopped, directory: directory, preparation: &preparation, limits: limits)
        let start = stopped.interruptedAt
        let wasJobStopped = stopped.wasJobStopped
        let threads = stopped.threads
        let isIncomplete = stopped.isIncomplete
        stopped.release()
        window.pause = Clock.monotonic() - start
        return CaptureAssembly(
            directory: directory, target: target, threads: threads, isIncomplete: isIncomplete,
            wasJobStopped: wasJobStopped
        ).capture(window, preparation)
    }
}
