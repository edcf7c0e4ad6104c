import CLinux
import Glibc

/// Finds out why the kernel refused, in the order in which one cause hides another.
enum PermissionDiagnosis {
    private static let tracePrivilege: UInt64 = 1 << 19  // CAP_SYS_PTRACE, capability.h

    /// Why an attempt to attach would fail, told without one; nil where nothing is in the way.
    static func obstacle(
        to directory: borrowing ProcessDirectory, thread: Int32
    ) -> PermissionCause? {
        // To open it takes the permission to attach, and does nothing to the process
        // (proc_pid_mem(5)).
        do throws(SystemError) {
            _ = try directory.open("task/\(thread)/mem")
        } catch {
            if error.errno == EACCES || error.errno == EPERM { return cause(of: directory) }
        }
        return hindrance(ProcessStatus(directory.text(of: "status") ?? ""))
    }

    /// The most likely cause of an EPERM from PTRACE_SEIZE.
    static func cause(of directory: borrowing ProcessDirectory) -> PermissionCause {
        let target = ProcessStatus(directory.text(of: "status") ?? "")
        if let hindrance = hindrance(target) { return hindrance }

        let ownStatus = ProcessStatus(ownText() ?? "")
        let isPrivileged = ownStatus.effectiveCapabilities & tracePrivilege != 0
        if isPrivileged { return inNamespace(directory) ? .userNamespace : .securityModule }
        if let user = target.effectiveUser, user != geteuid() { return .otherUser(uid: user) }
        if target.permittedCapabilities & ~ownStatus.permittedCapabilities != 0 {
            return .notDumpable
        }
        if isOwnedByRoot(directory), geteuid() != 0 { return .notDumpable }
        if let scope = yamaScope(), scope > 0 { return .yama(scope: scope) }
        return .securityModule
    }

    /// What is in the way whoever asks.
    private static func hindrance(_ target: ProcessStatus) -> PermissionCause? {
        if target.tracer != 0 {
            return .alreadyTraced(tracer: target.tracer, name: name(of: target.tracer))
        }
        let probe = cl_ptrace_probe()
        return probe == EPERM || probe == ENOSYS ? .seccompFilter : nil
    }

    private static func ownText() -> String? {
        guard let own = try? ProcessDirectory(pid: getpid()) else { return nil }
        return own.text(of: "status")
    }

    private static func name(of pid: Int32) -> String? {
        guard let directory = try? ProcessDirectory(pid: pid), var name = directory.text(of: "comm")
        else { return nil }
        if name.hasSuffix("\n") { name.removeLast() }
        return name
    }

    private static func inNamespace(_ directory: borrowing ProcessDirectory) -> Bool {
        // Where a link cannot be read nothing is known of it.
        guard let own = try? ProcessDirectory(pid: getpid()),
            let ours = own.destination(of: "ns/user"),
            let theirs = directory.destination(of: "ns/user")
        else { return false }
        return theirs != ours
    }

    /// The kernel hands an undumpable process's folder to root (proc(5)).
    private static func isOwnedByRoot(_ directory: borrowing ProcessDirectory) -> Bool {
        guard let file = try? directory.open("stat"), let status = try? file.status() else {
            return false
        }
        return status.st_uid == 0
    }

    private static func yamaScope() -> Int? {
        let path = "/proc/sys/kernel/yama/ptrace_scope"
        guard let bytes = try? FileBytes.read(path, limit: 16) else { return nil }
        return Int(String(decoding: bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
    }
}
