import AttachReport
import Glibc
import Testing

@testable import AttachCore

@Suite(.serialized, .timeLimit(.minutes(2)))
struct LiveCaptureTests {
    @Test func aSleepingProcessIsCapturedAndRunsOn() throws {
        let child = try ChildProcess("/bin/sleep", ["1000"])
        usleep(50_000)
        let capture = try LiveCapture.take(pid: child.pid)
        #expect(capture.threads.count == 1)
        let thread = try #require(capture.threads.first)
        #expect(thread.id == child.pid)
        #expect(thread.name == "sleep")
        #expect(thread.state == .sleeping)
        #expect(thread.systemCall?.name == "clock_nanosleep")
        #expect(capture.process.arguments == ["/bin/sleep", "1000"])
        #expect(capture.gaps.isEmpty)
        #expect(capture.record.pauseNanoseconds > 0)
        let registers = try #require(thread.registers)
        #expect(capture.memory.isReadable(Address(registers.stackPointer)))
        #expect(child.statusField("TracerPid") == "0")
        #expect(child.statusField("State")?.hasPrefix("S") == true)
        print(capture.record, capture.memory.segments.count, capture.files.map(\.path))
    }
}
