import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// Tasks of live processes, where the runtime room alone can tell.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct RuntimeLiveTests {
    @Test(arguments: Fixture.Mode.compiled)
    func aTaskThatNeverStartedShowsWhatItWillRun(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Structure", mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        let waiting = look.state.tasks.filter { $0.record.name == "never-started" }
        let shown = look.functions(of: waiting, in: "Structure").values.first ?? []
        #expect(
            shown.contains {
                $0.contains("closure #1 in Busy.occupy(_:)") || $0.contains("Structure")
            }, "\(shown)")
    }

    @Test(arguments: [1000, 100_000])
    func manyTasksAreFound(count: Int) throws {
        let fixture = try Fixture("Many", mode: .release, ["\(count)"])
        let look = try RuntimeLook(pid: fixture.pid)
        #expect(look.state.tasks.count == count + 1)
        #expect(look.state.gaps.isEmpty)
        let stacks = Set(look.state.tasks.map(\.resumePoints))
        #expect(stacks.count == 5)
    }

    /// Its tasks change threads all the time, and are caught while they do.
    @Test func aTaskThatGivesWayWithoutEndIsNeverAGap() throws {
        let fixture = try Fixture("Waits")
        for _ in 0..<40 {
            let look = try RuntimeLook(pid: fixture.pid)
            #expect(look.state.gaps.isEmpty, "\(look.state.gaps)")
        }
    }
}
