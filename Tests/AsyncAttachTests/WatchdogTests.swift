import Foundation
import Glibc
import TestSupport
import Testing

/// scripts/watchdog, which people take and adapt.
@Suite(.timeLimit(.minutes(15)))
struct WatchdogTests {
    private static let script = Fixture.packageFolder + "/scripts/watchdog"

    private func run(_ arguments: [String], tool: String = Tool.path) throws -> Tool.Result {
        try Tool.run(
            arguments, wrapper: ["/usr/bin/env", "ASYNCATTACH=" + tool], tool: Self.script)
    }

    @Test func aHangIsNoticedKeptAndTold() throws {
        let folder = try TemporaryFolder()
        let reports = folder.path + "/reports"
        var fixture = try Fixture("HangsLater")
        let healthy = try run(["--once", "--folder", reports, "\(fixture.pid)"])
        #expect(healthy.status == 0, "\(healthy.errors)")
        var watchdog = try ChildProcess(
            "/usr/bin/env",
            [
                "ASYNCATTACH=" + Tool.path, Self.script, "--interval", "0.1", "--folder", reports,
                "--quiet", "--max", "1", "\(fixture.pid)", "--", "/bin/sh", "-c",
                "echo \"$WATCHDOG_FINDING\"; echo \"$WATCHDOG_REPORT\"; echo \"$WATCHDOG_JSON\"",
            ])
        let threads = try fixture.ask("hang")["hangs"] as? [Int]
        let finding = watchdog.readLine(seconds: 120)
        let lines = try #require(finding)
        #expect(lines.hasPrefix("\(fixture.pid) HangsLater deadlock proven "), "\(lines)")
        let paths = [watchdog.readLine(), watchdog.readLine()]
        let text = try #require(paths[0])
        let json = try #require(paths[1])
        // That was the one finding after which it ends.
        let rest = watchdog.readLine()
        #expect(rest == nil)
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: reports)).count == 2)
        for path in [text, json] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
        let page = try String(contentsOfFile: text, encoding: .utf8)
        #expect(page.contains("VERDICT  1 problem\n"))
        #expect(page.contains("+-- back to thread"))
        let data = try Data(contentsOf: URL(fileURLWithPath: json))
        let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let findings = try #require(report["findings"] as? [[String: Any]])
        let deadlock = try #require(findings.first { $0["kind"] as? String == "deadlock" })
        let subjects = try #require(deadlock["subjects"] as? [[String: Any]])
        #expect(Set(subjects.compactMap { $0["thread"] as? Int }) == Set(threads ?? []))
        // The same by hand.
        #expect(try Tool.run(["check", "\(fixture.pid)"]).status == 1)
        #expect(try Tool.run(["\(fixture.pid)", "--fail-on", "proven"]).status == 1)
        #expect(try Tool.run(["\(fixture.pid)"]).status == 0)
        for (format, word) in [("dot", "digraph waits {"), ("mermaid", "flowchart LR")] {
            let graph = try Tool.run(["\(fixture.pid)", "--format", format])
            #expect(graph.status == 0)
            #expect(graph.output.hasPrefix(word))
            #expect(graph.output.contains("is owned by"))
        }
    }

    @Test func itEndsWithItsTarget() throws {
        let folder = try TemporaryFolder()
        let child = try ChildProcess("/bin/sleep", ["1"])
        let result = try run(["--interval", "0.1", "--folder", folder.path, "\(child.pid)"])
        #expect(result.status == 3, "\(result.errors)")
        #expect(try folder.names().isEmpty)
    }

    @Test(arguments: [
        [], ["--bogus", "1"], ["--interval", "soon", "1"], ["--keep", "0", "1"], ["1", "2"],
        ["--fail-on", "surely", "1"], ["--max"], ["--patience", "soon", "1"],
    ])
    func wrongWordsAreRefused(_ arguments: [String]) throws {
        let result = try run(arguments)
        #expect(result.status == 64)
        #expect(result.errorLines.count == 1)
    }

    @Test func itHelps() throws {
        let result = try run(["--help"])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("usage: watchdog"))
        #expect(result.errors.isEmpty)
    }

    /// With a stand-in for the tool that answers as a file beside it says, a code a look.
    private func looks(
        _ codes: [Int], in folder: borrowing TemporaryFolder, _ options: [String]
    ) throws -> Tool.Result {
        let codesFile = folder.path + "/codes"
        let stub = folder.path + "/stub"
        try codes.map { "\($0)\n" }.joined()
            .write(toFile: codesFile, atomically: true, encoding: .utf8)
        try """
        #!/bin/bash
        if [ "$1" = dump ]; then
            while [ "$1" != --output ]; do shift; done
            echo report >"$2"
            exit 0
        fi
        code=$(head -n 1 '\(codesFile)')
        sed -i 1d '\(codesFile)'
        [ "$code" != 1 ] || echo "1 name deadlock proven $RANDOM"
        exit "${code:-3}"

        """.write(toFile: stub, atomically: true, encoding: .utf8)
        let result = try Tool.run(["+x", stub], tool: "/bin/chmod")
        try #require(result.status == 0)
        return try run(
            ["--interval", "0", "--folder", folder.path + "/reports"] + options + ["name"],
            tool: stub)
    }

    @Test func whatFailsOnceIsTriedAgain() throws {
        let folder = try TemporaryFolder()
        let result = try looks([6, 70, 0, 2, 1], in: folder, ["--max", "1"])
        #expect(result.status == 1)
        #expect(result.errors.contains("exit code 6"))
        #expect(result.errors.contains("exit code 70"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports")
        #expect(names.count == 2)
    }

    @Test func aHangThatLastsIsReportedOnce() throws {
        let folder = try TemporaryFolder()
        let result = try looks([1, 1, 1, 0, 1, 1, 3], in: folder, [])
        #expect(result.status == 3)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports")
        #expect(names.count { $0.hasSuffix(".txt") } == 2)
        #expect(names.count { $0.hasSuffix(".json") } == 2)
    }

    @Test func reportsAreBounded() throws {
        let folder = try TemporaryFolder()
        let reports = folder.path + "/reports"
        try FileManager.default.createDirectory(atPath: reports, withIntermediateDirectories: true)
        let old = (1...5).map { "2020010\($0)T000000Z-name.txt" }
        for name in old + ["mine.txt"] {
            try name.write(toFile: reports + "/" + name, atomically: true, encoding: .utf8)
        }
        _ = try looks([1, 3], in: folder, ["--keep", "2"])
        let names = try FileManager.default.contentsOfDirectory(atPath: reports)
        #expect(names.contains("mine.txt"))
        #expect(names.contains(old[4]))
        #expect(names.count { $0.hasSuffix("-name.txt") } == 2)
    }
}
