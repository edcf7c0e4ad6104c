import Glibc
import Testing

@testable import AttachCore

/// What becomes of a child that does not come to its end.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct SupervisedChildTests {
    @Test func itsStatusIsTold() throws {
        let outcome = try SupervisedChild.run(deadlines: SupervisedChild.Deadlines()) { _ in 7 }
        #expect(outcome == .exited(7))
    }

    @Test func aFaultIsTold() throws {
        let outcome = try SupervisedChild.run(deadlines: SupervisedChild.Deadlines()) { _ in
            raise(SIGKILL)
            return 0
        }
        #expect(outcome == .crashed(signal: SIGKILL))
    }

    /// Only what the child says of its progress can tell that.
    @Test func aStopThatTakesTooLongIsEnded() throws {
        var deadlines = SupervisedChild.Deadlines()
        deadlines.stop = 200_000_000
        let outcome = try SupervisedChild.run(deadlines: deadlines) { progress in
            progress(.stopping)
            while true { usleep(1000) }
        }
        #expect(outcome == .stopTimeout)
    }

    @Test func theDeadlineOfAStopEndsWithTheStop() throws {
        var deadlines = SupervisedChild.Deadlines()
        deadlines.stop = 200_000_000
        deadlines.total = 1_000_000_000
        let outcome = try SupervisedChild.run(deadlines: deadlines) { progress in
            progress(.stopping)
            progress(.released)
            while true { usleep(1000) }
        }
        #expect(outcome == .timeout)
    }
}
