import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// What has moved since the capture, and what has not.
@Suite(.timeLimit(.minutes(15)))
struct SecondLookTests {
    private static let patience: Int64 = 300_000_000

    private func look(_ pid: Int32) throws -> (snapshot: Snapshot, stillness: Stillness) {
        let capture = try LiveCapture.take(pid: pid)
        var assembler = SnapshotAssembler(capture)
        let snapshot = assembler.snapshot()
        let second = try #require(capture.secondLook)
        return (
            snapshot,
            try #require(second.stillness(of: snapshot, capture: capture, patience: Self.patience))
        )
    }

    @Test func whatWaitsIsStillAndWhatWorksIsNot() throws {
        let fixture = try Fixture("Waits")
        let (snapshot, stillness) = try look(fixture.pid)
        #expect(stillness.isComplete)
        for task in snapshot.tasks {
            switch task.wait {
            case .continuation, .task, .stream, .group:
                #expect(stillness.tasks.contains(task.id), "task \(task.id)")
            default:
                if task.state == .running { #expect(!stillness.tasks.contains(task.id)) }
            }
        }
        let first = try #require(snapshot.threads.first { $0.id == fixture.pid })
        #expect(stillness.threads.contains(first.id))
        // One task of the fixture gives way without end, so that some thread always works.
        #expect(stillness.threads.count < snapshot.threads.count)
    }

    @Test func aSpinningThreadMoves() throws {
        let fixture = try Fixture("Heartbeat", ["2"])
        let (snapshot, stillness) = try look(fixture.pid)
        #expect(stillness.threads.count < snapshot.threads.count)
    }

    /// What counts is the stop: a thread that did something right after it has moved, even if it
    /// waits at the same place again, and rests there from then on.
    @Test func aThreadThatMovedBeforeTheSecondLookHasMoved() throws {
        var fixture = try Fixture("Waits")
        let control = try #require(fixture.facts("thread").first?["tid"] as? Int)
        let capture = try LiveCapture.take(pid: fixture.pid)
        var assembler = SnapshotAssembler(capture)
        let snapshot = assembler.snapshot()
        _ = try fixture.ask("ping")
        usleep(100_000)
        let second = try #require(capture.secondLook)
        let stillness = try #require(
            second.stillness(of: snapshot, capture: capture, patience: Self.patience))
        #expect(stillness.threads.contains(fixture.pid))
        #expect(!stillness.threads.contains(Int32(control)))
    }

    @Test func watchingEndsAsSoonAsNothingIsLeftToSee() throws {
        let fixture = try Fixture("Waits")
        let capture = try LiveCapture.take(pid: fixture.pid)
        var assembler = SnapshotAssembler(capture)
        let snapshot = assembler.snapshot()
        let look = try #require(capture.secondLook)
        let hour: Int64 = 3_600_000_000_000
        var asked: [Stillness] = []
        let refuted = try #require(
            look.stillness(of: snapshot, capture: capture, patience: hour) { stillness in
                asked.append(stillness)
                return false
            })
        #expect(asked.count == 1)
        #expect(!refuted.isComplete && refuted.nanoseconds < 20_000_000_000)
        // Nor does it go on for longer than it may.
        let limited = try #require(
            look.stillness(
                of: snapshot, capture: capture, patience: hour,
                deadline: Clock.monotonic() + 200_000_000))
        #expect(!limited.isComplete && limited.threads.isSubset(of: refuted.threads))
    }

    @Test func aProcessThatJobControlHoldsStoppedTellsNothing() throws {
        let fixture = try Fixture("Waits")
        kill(fixture.pid, SIGSTOP)
        defer { kill(fixture.pid, SIGCONT) }
        try fixture.child.waitUntil(state: "T")
        #expect(try LiveCapture.take(pid: fixture.pid).secondLook == nil)
    }

    @Test func aProcessThatHasEndedTellsNothing() throws {
        let capture: Capture
        let snapshot: Snapshot
        do {
            let fixture = try Fixture("NoTasks")
            capture = try LiveCapture.take(pid: fixture.pid)
            var assembler = SnapshotAssembler(capture)
            snapshot = assembler.snapshot()
        }
        let second = try #require(capture.secondLook)
        #expect(second.stillness(of: snapshot, capture: capture, patience: Self.patience) == nil)
    }
}
