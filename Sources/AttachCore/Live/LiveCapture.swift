import AttachReport
import CLinux
import Glibc

/// What a capture may cost.
public struct CaptureLimits: Sendable {
    /// Nanoseconds to wait for a thread that the kernel holds in an uninterruptible wait.
    public var stopPatience: Int64 = 250_000_000
    /// Nanoseconds after which waiting for threads to stop, and copying, is given up and the
    /// target released; nil for no limit.
    public var maximumPause: Int64? = 2_000_000_000
    /// Bytes of memory that may be copied; nil for half of what the machine has free.
    public var maximumBytes: UInt64?
    /// Whether the copy is to be given to another process of ours.
    var isShared = false

    /// The defaults.
    public init() {}
}

extension AttachError {
    /// Whether it can come of an exec under way, and be gone a moment later.
    fileprivate var mayPass: Bool {
        switch self {
        case .ended, .zombie, .notPermitted(_, cause: .securityModule): true
        default: false
        }
    }
}

/// How far a capture is.
public enum CaptureProgress: UInt8, Sendable {
    /// From now on threads of the target may be stopped.
    case stopping = 0x53
    /// From now on none is.
    case released = 0x52
}

/// Turns a running process into a `Capture`.
public enum LiveCapture {
    /// Stops the process, copies it, and lets it run on.
    ///
    /// It happens on an OS thread of its own, since ptrace belongs to the thread that seized: when
    /// that ends, the kernel releases even a thread that could not be stopped in time.
    ///
    /// - Parameter progress: called when the first thread is about to be seized, and when the last
    ///   was released, so that another process can watch over the time in between.
    /// - Throws: when there can be no capture; whatever else is missing is a gap in it.
    @available(*, noasync, message: "ptrace belongs to one thread")
    public static func take(
        pid: Int32, limits: CaptureLimits = CaptureLimits(),
        progress: (CaptureProgress) -> Void = { _ in }
    ) throws(AttachError) -> Capture {
        var failure = AttachError.keptChanging(pid: pid)
        for _ in 0..<attempts {
            do {
                let result = OwnThread.run { () throws(AttachError) -> Capture? in
                    try attempt(pid: pid, limits: limits, progress: progress)
                }
                if let capture = try result.get() { return capture }
            } catch {
                guard error.mayPass else { throw error }
                // Once seen, a process that is not there any more has ended.
                if case .noSuchProcess = error, failure != .keptChanging(pid: pid) {
                    throw .ended(pid: pid)
                }
                failure = error
            }
            usleep(1000)
        }
        throw failure
    }

    /// In the middle of an exec a process looks ended or forbidden, and after it it is another
    /// program: worth another look.
    private static let attempts = 8

    /// nil where the process became another program meanwhile.
    private static func attempt(
        pid: Int32, limits: CaptureLimits, progress: (CaptureProgress) -> Void
    ) throws(AttachError) -> Capture? {
        let directory = try ProcessDirectory(pid: pid)
        let target = try TargetCheck.check(directory)
        var preparation = try CapturePreparation.make(directory, target: target, limits: limits)
        let holders = DescriptorHolders(directory, thread: target.handle)
        let epolls = EpollWords(directory, thread: target.handle, epolls: holders.epolls)
        progress(.stopping)
        defer { progress(.released) }
        cl_reap_start()
        cl_raise_priority(1)
        defer {
            cl_raise_priority(0)
            cl_reap_stop()
        }
        let stopped = try StoppedProcess.stop(
            directory, patience: min(limits.stopPatience, limits.maximumPause ?? .max),
            limit: max(limits.stopPatience, limits.maximumPause ?? 0))
        guard TargetIdentity(directory, thread: target.handle) == target.identity else {
            stopped.release()
            return nil
        }
        var window = StopWindow(
            threadCount: stopped.threads.count, architecture: target.architecture)
        window.copy(from: stopped, directory: directory, preparation: &preparation, limits: limits)
        var references = KernelReferences(
            directory, thread: target.handle, stopped: stopped, holders: holders)
        let start = stopped.interruptedAt
        let wasJobStopped = stopped.wasJobStopped
        let threads = stopped.threads
        let isIncomplete = stopped.isIncomplete
        stopped.release()
        window.pause = Clock.monotonic() - start
        // As soon as possible after it; where it took too long before, it would again.
        let epollsNow =
            epolls.incompleteBecause == nil
            ? EpollWords(directory, thread: target.handle, epolls: holders.epolls) : epolls
        var capture = CaptureAssembly(
            directory: directory, target: target, threads: threads, isIncomplete: isIncomplete,
            wasJobStopped: wasJobStopped, early: preparation.threadStats
        ).capture(window, preparation, directory)
        references.check(
            DescriptorHolders(directory, thread: target.handle), against: holders)
        references.add(epolls, epollsNow, in: capture.mappings)
        if window.hasHiddenMemory {
            references.note("memory that it may not read at the moment could not be read")
        }
        let reason = SharedMemory.hidesBecause(
            capture.mappings, root: capture.root, start: capture.process.startTime)
        if let reason { references.note(reason) }
        capture.kernelReferences = references
        if !wasJobStopped {
            capture.secondLook = SecondLook(
                directory, thread: target.handle, threads: capture.threads)
        }
        return capture
    }
}
