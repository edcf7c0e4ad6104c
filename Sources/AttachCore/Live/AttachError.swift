/// Why no snapshot can be had.
public enum AttachError: Error, Hashable, Sendable, Codable {
    /// No process has this pid.
    case noSuchProcess(pid: Int32)
    /// It ended while we looked.
    case ended(pid: Int32)
    /// It has ended, and its parent has not noticed.
    case zombie(pid: Int32)
    /// A thread of the kernel, without a program.
    case kernelThread(pid: Int32)
    /// We were asked to stop ourselves, or the process that reads what we print.
    case ourselves(pid: Int32)
    /// The kernel refused.
    case notPermitted(pid: Int32, cause: PermissionCause)
    /// Not a 64-bit ELF program of a CPU we know.
    case notSupported(pid: Int32, what: String)
    /// It kept changing into another program.
    case keptChanging(pid: Int32)
    /// A system call failed in a way that nothing above explains.
    case system(what: String, errno: Int32)
}

/// Why the kernel refuses to let us attach.
public enum PermissionCause: Hashable, Sendable, Codable {
    /// Another process traces it (a debugger, strace, or another of us).
    case alreadyTraced(tracer: Int32, name: String?)
    /// A seccomp filter forbids us ptrace(2).
    case seccompFilter
    /// It belongs to another user.
    case otherUser(uid: UInt32)
    /// Same user, but it made itself undumpable or holds more privileges than we do.
    case notDumpable
    /// Root of a user namespace, looking at a process outside.
    case userNamespace
    /// Yama's `ptrace_scope` forbids it.
    case yama(scope: Int)
    /// None of the causes that can be told apart; a security module or a container, then.
    case securityModule
}
