import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Processes that have very much of something: a look at them ends soon, and they stand for no
/// longer than it takes to copy them.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct HostileLiveTests {
    @Test func thousandsOfThreadsAreStoppedAndReadAtOnce() throws {
        let fixture = try Fixture("Hostile", ["threads", "9000"])
        let start = Clock.monotonic()
        let capture = try LiveCapture.take(pid: fixture.pid)
        #expect(Clock.monotonic() - start < 10_000_000_000)
        #expect(capture.gaps.isEmpty)
        #expect(capture.threads.count == 9002)
        #expect(capture.threads.allSatisfy { $0.registers != nil })
        #expect(fixture.child.statusField("TracerPid") == "0")
    }
}
