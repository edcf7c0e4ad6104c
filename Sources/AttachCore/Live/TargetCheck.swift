import AttachReport
import Glibc

/// Finds out, before anything is stopped, whether a process can be captured at all.
enum TargetCheck {
    /// What is needed to go on with a target.
    struct Passed {
        /// A thread that lives: the handle for everything below `task/`. The first thread may
        /// have ended while the process lives on.
        var handle: Int32
        /// Its CPU.
        var architecture: Architecture
        /// Who it is.
        var identity: TargetIdentity
    }

    /// - Throws: for a process that is gone, not a program, ourselves, or not ours to look at.
    static func check(_ directory: borrowing ProcessDirectory) throws(AttachError) -> Passed {
        let pid = directory.pid
        if pid == getpid() || pid == getppid() { throw .ourselves(pid: pid) }
        guard let stat = ThreadStat(try directory.required("stat")) else {
            throw .noSuchProcess(pid: pid)
        }
        if stat.isKernelThread { throw .kernelThread(pid: pid) }
        let threads = try directory.threadIDs()
        // The first thread lives longest, as a rule; others may come and go.
        let candidates = [pid] + threads
        guard let handle = candidates.first(where: { isAlive($0, in: directory) }) else {
            throw .zombie(pid: pid)
        }
        let architecture = try architecture(directory, thread: handle)
        guard let identity = TargetIdentity(directory, thread: handle) else {
            throw .ended(pid: pid)
        }
        return Passed(handle: handle, architecture: architecture, identity: identity)
    }

    private static func isAlive(_ thread: Int32, in directory: borrowing ProcessDirectory) -> Bool {
        directory.stat(ofThread: thread)?.isSeizable ?? false
    }

    private static func architecture(
        _ directory: borrowing ProcessDirectory, thread: Int32
    ) throws(AttachError) -> Architecture {
        let pid = directory.pid
        let file: FileDescriptor
        do throws(SystemError) {
            file = try directory.open("task/\(thread)/exe")
        } catch {
            switch error.errno {
            case ENOENT, ESRCH: throw .ended(pid: pid)
            case EACCES, EPERM:
                throw .notPermitted(pid: pid, cause: PermissionDiagnosis.cause(of: directory))
            default: throw .system(what: "open the executable of \(pid)", errno: error.errno)
            }
        }
        guard let header = try? file.contents(limit: 64), header.count >= 20,
            header.starts(with: [0x7f, 0x45, 0x4c, 0x46])
        else { throw .notSupported(pid: pid, what: "not an ELF program") }
        guard header[4] == 2, header[5] == 1 else {
            throw .notSupported(
                pid: pid, what: header[4] == 1 ? "a 32-bit program" : "not little-endian ELF-64")
        }
        let machine = UInt16(header[18]) | UInt16(header[19]) << 8
        // What an emulator runs is a program of the emulator's CPU.
        guard let architecture = Architecture(elfMachine: machine), architecture == .native else {
            throw .notSupported(pid: pid, what: "a program for CPU type \(machine)")
        }
        return architecture
    }
}
