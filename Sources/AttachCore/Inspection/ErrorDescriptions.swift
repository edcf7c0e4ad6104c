import Glibc

// What is wrong and the way out, in one line each.

extension AttachError: CustomStringConvertible {
    /// What is wrong and the way out.
    public var description: String {
        switch self {
        case .noSuchProcess(let pid):
            "no process has the pid \(pid); `ps -e` lists those that exist"
        case .ended(let pid): "process \(pid) exited during the attach"
        case .zombie(let pid):
            "process \(pid) has ended already (a zombie that its parent has not collected); "
                + "there is nothing left to read"
        case .kernelThread(let pid):
            "\(pid) is a thread of the kernel, not a program; give the pid of a program"
        case .ourselves(let pid): "\(pid) is asyncattach itself; give the pid of another process"
        case .notPermitted(let pid, let cause):
            "not permitted to attach to process \(pid): \(cause.description(ofProcess: pid))"
        case .notSupported(let pid, let what):
            "process \(pid) is \(what); only 64-bit ELF programs for the CPU that asyncattach "
                + "runs on can be read"
        case .keptChanging(let pid):
            "process \(pid) called execve repeatedly during the attach; try again"
        case .system(let what, let errno):
            "could not \(what): \(SystemError(errno: errno))"
        }
    }

    /// The same in the fewest words, for a list: what is in the way, without the way out.
    public var brief: String {
        switch self {
        case .zombie: "it has ended already (a zombie)"
        case .notPermitted(_, let cause): cause.reason
        case .notSupported(_, let what): "it is \(what)"
        default: description
        }
    }
}

extension CoreFileError: CustomStringConvertible {
    /// What is wrong and the way out.
    public var description: String {
        switch self {
        case .file(let path, let errno):
            "could not open \(path): \(SystemError(errno: errno))"
        case .noTemporaryFile(let folder, let errno):
            "could not make a temporary file in \(folder): \(SystemError(errno: errno)); set TMPDIR to a "
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
}

extension SystemError: CustomStringConvertible {
    /// What the system said, and the way out where there is one.
    public var description: String {
        switch errno {
        case EMFILE: words + "; raise the limit with `ulimit -n`"
        case ENFILE: words + "; raise the limit with: sudo sysctl fs.file-max=…"
        default: words
        }
    }
}

extension PermissionCause {
    fileprivate func description(ofProcess pid: Int32) -> String {
        reason + (remedy(for: pid).map { "; " + $0 } ?? "")
    }

    fileprivate var reason: String {
        switch self {
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

    private func remedy(for pid: Int32) -> String? {
        switch self {
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

extension InspectionError: CustomStringConvertible {
    /// What is wrong and the way out.
    public var description: String {
        switch self {
        case .attach(let error): error.description
        case .core(let error): error.description
        case .stopLate:
            "the process could not be copied in time and was released; try again, or allow a "
                + "longer pause"
        case .late: "the report was not made in time; the process runs on"
        case .workerFailed(signal: 0):
            "the process that reads what was captured gave no answer that makes sense"
        case .workerFailed(let signal):
            "the process that reads what was captured was ended by signal \(signal)"
        case .stopperFailed: "the process that stops the target has ended; the target runs on"
        }
    }
}
