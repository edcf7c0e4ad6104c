import AttachCore
import AttachReport
import Glibc

/// What went wrong and the way out, in one line each.
enum ErrorMessage {
    /// Writes a line to standard error, with control characters made visible. If nobody takes it
    /// for some seconds, as behind a full pipe, it is lost: that is better than to wait for ever.
    static func print(_ message: String) {
        let line = Array("asyncattach: \(TerminalText.escaping(message))\n".utf8)
        var rest = line[...]
        var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        while !rest.isEmpty {
            guard unsafe poll(&poller, 1, patience) > 0, poller.revents & Int16(POLLOUT) != 0 else {
                return
            }
            // A pipe that can be written takes so many bytes without a wait (pipe(7)).
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe write(2, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Milliseconds to wait for somebody who reads standard error.
    private static let patience: Int32 = 3000

    /// The line for a capture that failed.
    static func words(_ error: AttachError) -> String {
        switch error {
        case .noSuchProcess(let pid):
            "no process has the pid \(pid); `ps -e` lists those that exist"
        case .ended(let pid): "process \(pid) ended while it was looked at"
        case .zombie(let pid):
            "process \(pid) has ended already (a zombie that its parent has not collected); "
                + "there is nothing left to read"
        case .kernelThread(let pid):
            "\(pid) is a thread of the kernel, not a program; give the pid of a program"
        case .ourselves(let pid): "\(pid) is asyncattach itself; give the pid of another process"
        case .notPermitted(let pid, let cause):
            "not permitted to attach to process \(pid): \(words(cause, pid: pid))"
        case .notSupported(let pid, let what):
            "process \(pid) is \(what); only 64-bit ELF programs for the CPU that asyncattach "
                + "runs on can be read"
        case .keptChanging(let pid):
            "process \(pid) kept executing other programs while it was looked at; try again"
        case .system(let what, let errno):
            "could not \(what): \(words(errno: errno))"
        }
    }

    /// The line for a core file that cannot be read.
    static func words(_ error: CoreFileError) -> String {
        switch error {
        case .file(let path, let errno):
            "could not open \(path): \(words(errno: errno))"
        case .noTemporaryFile(let folder, let errno):
            "could not make a temporary file in \(folder): \(words(errno: errno)); set TMPDIR to a "
                + "folder that can be written"
        case .notACore(let path, let what):
            "\(path) is \(what), not a core file; give a core file, or the pid of a process"
        case .notSupported(let path, let what):
            "\(path) is a core file \(what); only those of x86_64 and aarch64 can be read"
        case .damaged(let path, let what):
            "nothing can be read from \(path): \(what); look whether the disk was full or a limit "
                + "(ulimit -c) cut it"
        }
    }

    /// What the system said, and the way out where there is one.
    static func words(errno: Int32) -> String {
        let words = SystemError(errno: errno).words
        return switch errno {
        case EMFILE: words + "; raise the limit with `ulimit -n`"
        case ENFILE: words + "; raise the limit with: sudo sysctl fs.file-max=…"
        default: words
        }
    }

    /// The same in the fewest words, for a list: what is in the way, without the way out.
    static func brief(_ error: AttachError) -> String {
        switch error {
        case .zombie: "it has ended already (a zombie)"
        case .notPermitted(_, let cause): reason(cause)
        case .notSupported(_, let what): "it is \(what)"
        default: words(error)
        }
    }

    private static func words(_ cause: PermissionCause, pid: Int32) -> String {
        reason(cause) + (remedy(cause, pid: pid).map { "; " + $0 } ?? "")
    }

    private static func reason(_ cause: PermissionCause) -> String {
        switch cause {
        case .alreadyTraced(let tracer, let name):
            "process \(tracer)\(name.map { " (\($0))" } ?? "") traces it already"
        case .seccompFilter: "a seccomp filter forbids ptrace here"
        case .otherUser(let uid): "it belongs to another user (uid \(uid))"
        case .notDumpable:
            "it has made itself unreadable (prctl PR_SET_DUMPABLE, set-user-id or file "
                + "capabilities)"
        case .userNamespace: "it lives in another user namespace"
        case .yama(let scope) where scope >= 3:
            "kernel.yama.ptrace_scope is 3, which forbids attaching until the next boot"
        case .yama(let scope): "kernel.yama.ptrace_scope is \(scope)"
        case .securityModule: "the kernel refuses without saying why"
        }
    }

    private static func remedy(_ cause: PermissionCause, pid: Int32) -> String? {
        switch cause {
        case .alreadyTraced: "end that one or let it detach, then try again"
        case .seccompFilter:
            "start the container with --cap-add=SYS_PTRACE or --security-opt seccomp=unconfined"
        case .otherUser: "run as that user, or as root: sudo asyncattach \(pid)"
        case .notDumpable: "run as root: sudo asyncattach \(pid)"
        case .userNamespace: "run asyncattach there, or as root outside"
        case .yama(let scope) where scope >= 3: nil
        case .yama:
            "run as root, or allow it with: sudo sysctl kernel.yama.ptrace_scope=0"
        case .securityModule:
            "in a container add the capability SYS_PTRACE, elsewhere ask the security module "
                + "(SELinux deny_ptrace, AppArmor)"
        }
    }
}
