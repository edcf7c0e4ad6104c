import Foundation
import Glibc
import TestSupport
import Testing

/// `check`, `explain` and what the command line answers to mistakes.
@Suite(.timeLimit(.minutes(15)))
struct VerdictCommandTests {
    @Test func aHealthyProcessIsSilent() throws {
        let fixture = try Fixture("Depth")
        let result = try Tool.run(["check", "\(fixture.pid)"])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(result.errors.isEmpty)
        let verbose = try Tool.run(["check", "-v", "\(fixture.pid)"])
        #expect(verbose.output == "\(fixture.pid) Depth nothing found\n")
        let json = try Tool.run(["check", "--format", "json", "\(fixture.pid)"])
        let answer = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        let object = try #require(answer as? [String: Any])
        #expect(object["format"] as? String == "asyncattach.check")
        #expect((object["findings"] as? [Any])?.isEmpty == true)
    }

    /// What does not move because it may not is not stuck: a paused container, say.
    @Test(.enabled(if: FrozenGroup.isPossible, "needs cgroup2, and the right to make a group"))
    func aFrozenProcessIsNotStuck() throws {
        let fixture = try Fixture("Verdict", ["actor-lock", "busy"])
        let group = try FrozenGroup(of: fixture.pid)
        for _ in 0..<3 {
            let result = try Tool.run(["check", "\(fixture.pid)"])
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        }
        _ = consume group
    }

    @Test(arguments: [("600ms", 0.6), ("1", 1.0), ("1.5s", 1.5), ("0.02m", 1.2)])
    func whatStandsStillIsLikelyAfterAsLongAsAsked(_ patience: String, _ seconds: Double) throws {
        let fixture = try Fixture("Verdict", mode: .release, ["actor-semaphore", "sick"])
        let start = ContinuousClock.now
        let result = try Tool.run(
            ["check", "--patience", patience, "--format", "json", "\(fixture.pid)"])
        #expect(ContinuousClock.now - start >= .seconds(seconds))
        #expect(result.status == 1, "\(result.errors)")
        let answer = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let object = try #require(answer as? [String: Any])
        let finding = try #require((object["findings"] as? [[String: Any]])?.first)
        #expect(finding["confidence"] as? String == "likely")
        let unchanged = try #require(finding["unchangedNanoseconds"] as? Int)
        #expect(unchanged >= Int(seconds * 1e9))
        let evidence = try #require(finding["evidence"] as? [String])
        #expect(evidence.last?.hasPrefix("unchanged for ") == true, "\(evidence)")
    }

    @Test func whoIsNotWatchedIsNoMoreThanSuspected() throws {
        let fixture = try Fixture("Verdict", mode: .release, ["actor-semaphore", "sick"])
        let result = try Tool.run(
            ["check", "--patience", "0", "--fail-on", "hint", "\(fixture.pid)"])
        #expect(result.status == 1)
        #expect(result.output.contains(" actor-blocked hint "), "\(result.output)")
    }

    @Test func ofSeveralTargetsTheWorstCounts() throws {
        let fixture = try Fixture("Depth")
        let result = try Tool.run(["check", "4194000", "\(fixture.pid)", "-v"])
        #expect(result.status == 3)
        #expect(result.output == "\(fixture.pid) Depth nothing found\n")
        #expect(result.errorLines.count == 1)
    }

    @Test(
        arguments: [
            ["check"], ["check", "1", "--fail-on", "surely"], ["check", "1", "--format", "xml"],
            ["check", "1", "2", "--format", "json"], ["explain", "no-such-finding"],
            ["check", "1", "--patience", "soon"], ["check", "1", "--patience", "10ms"],
            ["check", "1", "--patience", "2h"], ["check", "1", "--patience", "-1s"],
            ["dump", "1", "--patience", "60"],
            ["check", "1", "--patience", "3s", "--timeout", "3"],
        ])
    func wrongWordsAreRefused(_ arguments: [String]) throws {
        let result = try Tool.run(arguments)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
    }

    @Test(arguments: [["-1"], ["check", "-17"], ["dump", "--all", "5", "-9"]])
    func aNegativePidGetsAClearAnswer(_ arguments: [String]) throws {
        let result = try Tool.run(arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains("is not a pid; pids are whole numbers from 1"))
        #expect(result.errorLines.count == 1)
    }

    @Test func findingsAreExplainedWithoutAnyProcess() throws {
        let list = try Tool.run(["explain"])
        #expect(list.status == 0)
        let kinds = list.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
        #expect(kinds.count >= 9)
        for kind in kinds {
            let page = try Tool.run(["explain", String(kind)])
            #expect(page.status == 0)
            #expect(page.output.hasPrefix(kind))
        }
        let typo = try Tool.run(["explain", "deadlok"])
        #expect(typo.status == 64)
        #expect(typo.errors.contains("did you mean deadlock?"))
    }

    @Test func aNameThatIsNearlyRightIsPointedOut() throws {
        let folder = try TemporaryFolder()
        let program = folder.path + "/guess-\(getpid())"
        _ = try Tool.run(["/bin/sleep", program], tool: "/bin/cp")
        let child = try ChildProcess(program, ["1000"])
        let result = try Tool.run(["gues-\(getpid())"])
        #expect(result.status == 3)
        #expect(result.errors.contains("did you mean guess-\(getpid())?"), "\(result.errors)")
        #expect(child.statusField("TracerPid") == "0")
    }

    /// The first page of help names every option that there is.
    @Test func theHelpListsTheOptions() throws {
        let all = try Tool.run(["dump", "--help"]).output
        let first = try Tool.run(["--help"]).output
        let options = all.matches(of: /--[a-z-]+/).map { String($0.output) }
        #expect(options.count > 8)
        for option in Set(options) where option != "--version" {
            #expect(first.contains(option), "\(option)")
        }
    }
}
