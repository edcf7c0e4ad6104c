import AttachReport
import Foundation
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// The layouts, compared with what the runtime, libdispatch and the C library of this system say of
/// themselves and with objects of a process that knows what stands in them. `scripts/check-layouts`
/// runs this with any toolchain.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct LayoutTests {
    @Test func layoutsAreThoseOfThisSystem() throws {
        let fixture = try Fixture("Layouts", mode: .release)
        var comparison: LayoutComparison?
        // It says nothing of when everything has come to rest: that would take its own look at
        // the words that are compared here.
        for _ in 0..<50 {
            comparison = try compare(fixture)
            if let rows = comparison?.rows, !rows.contains(where: { $0.difference != nil }) {
                break
            }
            usleep(100_000)
        }
        var found = try #require(comparison, "no layout fits the tasks of this runtime")
        try askMirror(&found, fixture.pid)
        let rows = found.rows
        try write(rows)
        #expect(rows.count > 80)
        for row in rows {
            #expect(row.difference == nil, "\(row.name): \(row.layout) in the layouts")
        }
    }

    private func compare(_ fixture: borrowing Fixture) throws -> LayoutComparison? {
        guard var comparison = LayoutComparison(try RuntimeLook(pid: fixture.pid)) else {
            return nil
        }
        for fact in fixture.facts("claim") {
            comparison.take(
                LayoutComparison.Claim(
                    name: try #require(fact["name"] as? String),
                    object: try address(fact["object"]),
                    through: try #require(fact["through"] as? [String]),
                    values: try #require(fact["values"] as? [Any]).map(address),
                    bits: UInt64(try #require(fact["bits"] as? Int)),
                    mask: try address(fact["mask"])))
        }
        for fact in fixture.facts("answer") {
            comparison.take(
                question: try #require(fact["question"] as? String),
                object: try address(fact["object"]), answer: try #require(fact["is"] as? String))
        }
        return comparison
    }

    /// The toolchain's reader, where it is installed.
    private func askMirror(_ comparison: inout LayoutComparison, _ pid: Int32) throws {
        guard let mirror = RuntimeOracleTests.mirror else { return }
        let tasks = comparison.look.state.tasks.filter { $0.record.state != .running }
        let script = Fixture.packageFolder + "/Tests/Oracles/remote-mirror"
        var oracle = try ChildProcess(
            "/usr/bin/env",
            ["python3", script, mirror, "\(pid)"] + tasks.map(\.record.address.description))
        for _ in tasks {
            let line = oracle.readLine()
            let answer = line.flatMap(RuntimeOracleTests.Answer.init)
            comparison.take(mirrored: try #require(answer, "\(line ?? "nothing")"))
        }
    }

    private func address(_ value: Any?) throws -> UInt64 {
        let text = try #require(value as? String)
        return try #require(UInt64(text.dropFirst(2), radix: 16))
    }

    /// The table, for whoever asked for it.
    private func write(_ rows: [LayoutComparison.Row]) throws {
        guard let path = ProcessInfo.processInfo.environment["LAYOUT_TABLE"] else { return }
        var seen: Set<String> = []
        let lines = rows.map { row in
            let verdict = row.difference.map { "DIFFERS  \($0)" } ?? "OK"
            return "\(row.name)\t\(row.layout)\t\(verdict)"
        }.filter { seen.insert($0).inserted }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    }
}
