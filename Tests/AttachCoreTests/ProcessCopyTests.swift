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
            without.coverage.gaps.contains { $0.what.hasPrefix("lines of") && $0.detail != nil })
    }
}
