import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// Who can still resume a task, where one process has one continuation, held in a way that is hard
/// to see. One that is held must never be called lost.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct HeldContinuationTests {
    private static let lost = ["cont-unsafe", "cont-cycle", "cont-checked-cycle"]
    private static let held = [
        "cont-timer", "cont-timer-source", "cont-read-source", "cont-queue", "cont-dictionary",
        "cont-set", "cont-object", "cont-actor", "cont-enum", "cont-thread", "cont-argument",
        "cont-task", "cont-interior", "cont-memory", "cont-shared-memory", "cont-specific",
        "cont-epoll", "cont-stream", "cont-child", "cont-child-of-waiter",
    ]

    @Test(arguments: Fixture.Mode.compiled, held + lost)
    func whatSomebodyHasIsNotLost(mode: Fixture.Mode, story: String) throws {
        let fixture = try Fixture("Verdict", mode: mode, [story, "healthy"])
        let snapshot = try WaitingLiveTests.snapshot(of: fixture.pid)
        let waiting = snapshot.tasks.filter { ContinuationSearch.isCandidate($0) }
        #expect(!waiting.isEmpty)
        for task in waiting {
            switch task.continuation?.reach {
            case .held, .unknown: break
            case .nowhere, nil:
                Issue.record("\(story): \(String(describing: task.continuation))")
            }
        }
    }
}
