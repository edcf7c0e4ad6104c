import AttachReport
import Foundation
import TestSupport
import Testing

@testable import AttachCore

/// However a program is linked and stripped: the same tasks, the same stacks, and no wrong name.
@Suite(.timeLimit(.minutes(15)))
struct LinkMatrixTests {
    /// A fixture in one mode.
    struct Cell: CustomTestStringConvertible, Sendable {
        var mode: Fixture.Mode
        var fixture: String

        var testDescription: String { "\(mode.rawValue)/\(fixture)" }
    }

    /// A few of all combinations, or those that scripts/link-matrix asks for.
    static let cells: [Cell] = {
        let path =
            ProcessInfo.processInfo.environment["ASYNCATTACH_MATRIX"]
            ?? Fixture.packageFolder + "/Fixtures/diagonal"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: "/").map(String.init)
            return Cell(
                mode: Fixture.Mode(rawValue: parts.first ?? ""), fixture: parts.last ?? "")
        }
    }()

    @Test func thereAreCombinationsToTry() { #expect(!Self.cells.isEmpty) }

    @Test(arguments: cells)
    func everythingIsFound(_ cell: Cell) throws {
        let fixture = try Fixture(cell.fixture, mode: cell.mode)
        let capture = try LiveCapture.take(pid: fixture.pid)
        try expectTruth(of: fixture, cell, "live", capture)

        let folder = try CoreFolder()
        let core = try CoreReader.read(
            try folder.write(capture), options: CoreFileOptions(sysroot: Fixture.root))
        try expectTruth(of: fixture, cell, "core", core)
    }

    /// Expects that a capture shows what the fixture told.
    private func expectTruth(
        of fixture: borrowing Fixture, _ cell: Cell, _ source: String, _ capture: Capture
    ) throws {
        var assembler = SnapshotAssembler(capture)
        let snapshot = assembler.snapshot()
        let count = try TruthCount(snapshot, of: fixture, cell.fixture, cell.mode)
        count.record(cell.fixture, cell.mode.rawValue, source)
        for difference in count.differences { Issue.record("\(source): \(difference)") }
        #expect(count.isPerfect)
        #expect(snapshot.runtime.hasSwift)
    }
}
