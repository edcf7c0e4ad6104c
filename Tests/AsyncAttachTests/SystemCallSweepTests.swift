import Foundation
import Glibc
import TestSupport
import Testing

/// System calls of the attach path that fail, one at a time: there is a report or one clear line,
/// the exit code says which, and the target runs on.
@Suite(
    .serialized, .timeLimit(.minutes(15)),
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"),
        "strace is not installed"))
struct SystemCallSweepTests {
    /// As strace(1) has it: the call, the error, which of a thread's calls of that name fail; and how the
    /// tool may end. Calls that the dynamic linker makes before us are left out, and those of the
    /// language's runtime.
    private static let faults: [(fault: String, statuses: Set<Int32>)] = [
        // Finding the process.
        ("readlinkat:error=EACCES:when=1+", [0, 2, 4]),
        ("getdents64:error=EIO:when=1", [3, 70]),
        ("getdents64:error=EIO:when=3", [0, 2, 3]),
        // Watching over the part that attaches.
        ("pipe2:error=EMFILE:when=1", [70]),
        ("clone:error=EAGAIN:when=1", [70]),
        ("clone3:error=EAGAIN:when=1", [0, 70]),
        ("signalfd4:error=EMFILE", [0]),
        ("pidfd_open:error=ENOSYS", [0]),
        ("setsid:error=EPERM", [0]),
        ("prctl:error=EINVAL:when=1", [70]),
        // Stopping.
        ("ptrace:error=EPERM:when=1", [4]),
        ("ptrace:error=ESRCH:when=2", [0, 2]),
        ("ptrace:error=EPERM:when=2+3", [0, 2]),
        ("ptrace:error=EIO:when=5+", [2, 70]),
        ("waitid:error=ECHILD:when=1", [0, 2]),
        ("waitid:error=EINTR:when=1..3", [0, 2]),
        ("timer_create:error=EAGAIN", [0]),
        ("timer_settime:error=EINVAL", [0]),
        ("setpriority:error=EACCES", [0]),
        ("sched_setscheduler:error=EPERM", [0]),
        // Copying.
        ("process_vm_readv:error=EFAULT:when=1", [0, 2]),
        ("process_vm_readv:error=EIO:when=2", [2]),
        ("process_vm_readv:error=EPERM", [0, 2, 4]),
        ("ioctl:error=ENOTTY", [0, 2]),
        ("mincore:error=ENOMEM", [0, 2]),
        // Afterwards.
        ("setgroups,setresgid,setresuid:error=EPERM", [0, 2]),
        ("write:error=ENOSPC:when=1", [74]),
        ("write:error=EPIPE:when=1", [74]),
    ]

    @Test(arguments: faults.indices)
    func aCallThatFails(index: Int) throws {
        let (fault, statuses) = Self.faults[index]
        var fixture = try Fixture("Heartbeat", ["2", "50"])
        let folder = try TemporaryFolder()
        let calls = fault.prefix { $0 != ":" }
        let result = try Tool.run(
            ["\(fixture.pid)", "--no-lines"],
            wrapper: [
                "/usr/bin/strace", "-f", "-qq", "-o", folder.path + "/calls", "-e",
                "trace=\(calls)", "-e", "inject=\(fault)",
            ])
        let trace = try String(contentsOfFile: folder.path + "/calls", encoding: .utf8)
        #expect(trace.contains("INJECTED"), "\(fault) did not happen")
        #expect(statuses.contains(result.status), "\(fault): \(result)")
        #expect(result.errorLines.count <= 1, "\(fault): \(result)")
        if result.status == 0 || result.status == 2 {
            #expect(result.output.contains("coverage:"), "\(fault): \(result)")
        } else if !fault.contains("EPIPE") {
            #expect(result.errors.contains("asyncattach: "), "\(fault): \(result)")
        }
        #expect(fixture.child.statusField("TracerPid") == "0", "\(fault)")
        #expect(try fixture.ask("ping")["pong"] != nil, "\(fault)")
    }
}
