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

/// Continuations that one place holds where a process can hardly look: nobody may call them lost,
/// and each is resumed in the end, to show that it was not.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct HiddenContinuationTests {
    private static let places = [
        "vector", "vector-half", "own-epoll", "thread-signal", "coroutine", "signal-stack",
        "own-stack", "no-access", "read-only", "execute-only", "shared-file", "private-file",
        "packed", "timer", "message-queue", "counter", "ring", "queue",
    ]

    @Test(arguments: Fixture.Mode.compiled, places)
    func whatIsOutOfSightIsNotLost(mode: Fixture.Mode, place: String) throws {
        var fixture = try Fixture("Hidden", mode: mode, [place])
        // Not every machine has every place.
        guard fixture.facts.contains(where: { $0["hidden"] as? Bool == true }) else { return }
        let snapshot = try WaitingLiveTests.snapshot(of: fixture.pid)
        let task = try #require(snapshot.tasks.first { $0.name == "waiting" })
        switch task.continuation?.reach {
        case .held, .unknown: break
        case .nowhere, nil:
            Issue.record("\(place): \(String(describing: task.continuation))")
        }
        let answer = try fixture.ask("resume")
        #expect(answer["resumed"] as? Bool == true)
    }

    /// Held ones that move all the time, seen at any moment.
    @Test func whatMovesIsNotLost() throws {
        let fixture = try Fixture("Hidden", mode: .release, ["rotation"])
        for _ in 0..<20 {
            let snapshot = try WaitingLiveTests.snapshot(of: fixture.pid)
            for task in snapshot.tasks {
                if case .nowhere? = task.continuation?.reach {
                    Issue.record("task \(task.id) is called lost")
                }
            }
        }
    }
}

/// Lost continuations are found whenever somebody looks: also once the threads have ended that the
/// tasks ran on.
@Suite(.timeLimit(.minutes(15)))
struct OldContinuationTests {
    @Test(arguments: Fixture.Mode.compiled)
    func lostOnesAreFoundLater(mode: Fixture.Mode) async throws {
        let fixture = try Fixture("Hidden", mode: mode, ["aged"])
        try Self.check(fixture)
        try await Task.sleep(for: .seconds(20))
        try Self.check(fixture)
    }

    private static func check(_ fixture: borrowing Fixture) throws {
        let snapshot = try WaitingLiveTests.snapshot(of: fixture.pid)
        let tasks = snapshot.tasks.reduce(into: [UInt64: TaskRecord]()) { $0[$1.id] = $1 }
        var found = 0
        for fact in fixture.facts("task") {
            guard let id = fact["id"] as? Int, let task = tasks[UInt64(id)] else { continue }
            if fact["held"] as? Bool == true {
                guard case .held? = task.continuation?.reach else {
                    Issue.record("\(task.name ?? ""): \(String(describing: task.continuation))")
                    continue
                }
            } else if fact["lost"] as? Bool == true {
                switch task.continuation?.reach {
                case .nowhere: found += 1
                case .held(let holders):
                    // Chance leaves traces in memory that was handed out again, but nothing that
                    // was a stack counts.
                    let isMemory = { (holder: Holder) in
                        if case .mapping(_, file: nil) = holder { true } else { false }
                    }
                    #expect(!holders.contains(where: isMemory), "\(holders)")
                default: break
                }
            }
        }
        #expect(found >= 2)
    }
}
