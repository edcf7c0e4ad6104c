import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Readers that crash or do not end cost their own answer, and nothing else.
@Suite(.timeLimit(.minutes(15)))
struct ProcessCopyTests {
    private func answer(_ body: () -> [UInt8]) throws(ProcessCopy.Failure) -> [UInt8] {
        try ProcessCopy.answer(
            capacity: 1 << 20, memory: 1 << 30, milliseconds: 500, body)
    }

    @Test func whatIsAnsweredComesBack() throws {
        let bytes = (0..<100_000).map { UInt8($0 & 0xff) }
        #expect(try answer { bytes } == bytes)
        #expect(try answer { [] } == [])
    }

    @Test(arguments: [SIGSEGV, SIGABRT, SIGKILL])
    func aCrashIsNoAnswer(signal: Int32) {
        #expect(throws: ProcessCopy.Failure.self) {
            try answer {
                raise(signal)
                return [1]
            }
        }
    }

    @Test func whatTakesTooMuchIsNoAnswer() {
        #expect(throws: ProcessCopy.Failure.self) {
            try answer {
                while true { usleep(1000) }
            }
        }
        #expect(throws: ProcessCopy.Failure.self) {
            try answer { [UInt8](repeating: 1, count: 1 << 21) }
        }
        #expect(throws: ProcessCopy.Failure.self) {
            try answer { [UInt8](repeating: 1, count: 4 << 30) }
        }
    }

    /// What the copy may do is what CSandbox.h says.
    @Test func aCopyMayDoNothing() throws {
        let file = unsafe open("/proc/self/status", O_RDONLY)
        try #require(file > 2)
        defer { close(file) }
        let answer = try answer {
            var lines = ["open \(fcntl(file, F_GETFD) >= 0)", "user \(getuid()) \(geteuid())"]
            for descriptor in Int32(0)...2 {
                var status = stat()
                _ = unsafe fstat(descriptor, &status)
                // /dev/null is 1:3 (Documentation/admin-guide/devices.txt of Linux).
                lines.append("null \(descriptor) \(status.st_rdev == 1 << 8 | 3)")
            }
            var core = rlimit()
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
            lines.append("core \(core.rlim_cur)")
            let status = (try? FileBytes.read("/proc/self/status", limit: 1 << 16)) ?? []
            let text = String(decoding: status, as: UTF8.self)
            lines += text.split(separator: "\n").map(String.init)
            return Array(lines.joined(separator: "\n").utf8)
        }
        let lines = String(decoding: answer, as: UTF8.self).split(separator: "\n")
        let user = getuid() == 0 ? 65534 : getuid()
        #expect(lines.contains("open false"))
        #expect(lines.contains("user \(user) \(user)"))
        #expect(lines.filter { $0.hasPrefix("null") && $0.hasSuffix("true") }.count == 3)
        #expect(lines.contains("core 0"))
        #expect(lines.contains("NoNewPrivs:\t1"))
        for sort in ["CapPrm", "CapEff", "CapAmb"] {
            #expect(lines.contains("\(sort):\t0000000000000000"))
        }
    }

    /// A copy of a copy that is ended does not live on.
    @Test func aCopyEndsWithItsParent() throws {
        let shared = unsafe mmap(
            nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        let place = try unsafe #require(shared != MAP_FAILED ? shared : nil)
        defer { unsafe munmap(place, 4096) }
        #expect(throws: ProcessCopy.Failure.self) {
            try answer {
                let inner = try? ProcessCopy.answer(
                    capacity: 1, memory: 1 << 30, milliseconds: 600_000
                ) {
                    unsafe place.storeBytes(of: getpid(), as: pid_t.self)
                    while true { usleep(1000) }
                }
                return inner ?? []
            }
        }
        let inner = unsafe place.load(as: pid_t.self)
        try #require(inner > 0)
        // The kernel kills it; whoever adopts it may collect it late.
        try waitUntil("the inner copy has ended", every: 10_000) {
            let stat = (try? FileBytes.read("/proc/\(inner)/stat", limit: 4096)) ?? []
            let state = String(decoding: stat, as: UTF8.self).split(separator: " ").dropFirst(2)
                .first
            return state == nil || state == "Z" || state == "X"
        }
    }

    /// Debug information that cannot be read in time costs the lines, and is a gap; names stay.
    @Test func withoutItsLinesAReportIsStillOne() throws {
        let fixture = try Fixture("Bank", mode: .debug)
        let capture = try LiveCapture.take(pid: fixture.pid)
        var options = SnapshotOptions()
        var whole = SnapshotAssembler(capture, options: options)
        options.lineTimeLimit = 1
        var cut = SnapshotAssembler(capture, options: options)
        let (with, without) = (whole.snapshot(), cut.snapshot())
        let frames = with.tasks.flatMap(\.frames)
        #expect(frames.contains { $0.location != nil })
        #expect(!without.tasks.flatMap(\.frames).contains { $0.location != nil })
        #expect(without.tasks.map(\.id) == with.tasks.map(\.id))
        #expect(without.tasks.flatMap(\.frames).contains { $0.function?.contains("Bank") == true })
        #expect(
            without.coverage.gaps.contains { gap in
                if case .lines = gap.subject { gap.detail != nil } else { false }
            })
    }
}
