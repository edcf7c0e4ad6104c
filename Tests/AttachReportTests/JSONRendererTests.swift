import AttachReport
import Testing

@Suite struct JSONRendererTests {
    /// Whether `scripts/check-schema` finds the package it needs.
    static let canValidate = Files.run(Files.repository + "/scripts/check-schema") == 0

    @Test(
        .enabled(if: canValidate, "needs python3 with jsonschema"),
        // A hundred sleepers more say nothing more about the schema.
        arguments: Story.allCases.filter { $0 != .sleepers })
    func documentsFollowTheSchema(story: Story) throws {
        let pretty = Files.scratch("\(story).json")
        let lines = Files.scratch("\(story).ndjson")
        let document = rendered(story.report, by: JSONRenderer())
        let line = rendered(story.report, by: JSONRenderer(isSingleLine: true))
        try #require(Files.write(Array(document.utf8), to: pretty))
        try #require(Files.write(Array((line + line).utf8), to: lines))
        defer {
            Files.remove(pretty)
            Files.remove(lines)
        }
        #expect(Files.run(Files.repository + "/scripts/check-schema", pretty, lines) == 0)
    }

    /// The check would notice what is wrong.
    @Test(
        .enabled(if: canValidate, "needs python3 with jsonschema"),
        arguments: [
            ("\"schemaVersion\": 1", "\"schemaVersion\": 2"),
            ("\"state\": \"sleeping\"", "\"state\": \"asleep\""),
            ("\"pid\": 4242", "\"pid\": null"),
            ("\"kind\": \"group\", ", "\"kind\": \"group\", \"undescribed\": 1, "),
            ("\"kind\": \"task\", \"task\": 5", "\"kind\": \"task\""),
            ("0x7f", "0X7F"),
        ])
    func schemaRefuses(right: String, wrong: String) throws {
        let document = rendered(Story.bank.report, by: JSONRenderer())
        let parts = document.split(separator: right, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let path = Files.scratch("wrong-\(right.utf8.count)-\(wrong.utf8.count).json")
        try #require(Files.write(Array((parts[0] + wrong + parts[1]).utf8), to: path))
        defer { Files.remove(path) }
        #expect(Files.run(Files.repository + "/scripts/check-schema", path) == 1)
    }

    @Test func document() {
        expectGolden(rendered(Story.bank.report, by: JSONRenderer()), "bank.json")
    }

    @Test(arguments: Story.allCases)
    func singleLineSaysTheSame(story: Story) {
        let line = rendered(story.report, by: JSONRenderer(isSingleLine: true))
        #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(line.utf8.last == UInt8(ascii: "\n"))
        // None of the stories has a blank within a string next to a bracket, colon or comma, so
        // without blanks the two forms are the same.
        let blanks: Set<Character> = [" ", "\n"]
        let document = rendered(story.report, by: JSONRenderer())
        #expect(line.filter { !blanks.contains($0) } == document.filter { !blanks.contains($0) })
    }

    @Test func optionsChangeNothing() {
        let options = RenderOptions(
            color: true, showAll: true, verbose: true, sections: [], width: 20)
        let report = Story.bank.report
        #expect(
            rendered(report, by: JSONRenderer(), options) == rendered(report, by: JSONRenderer()))
    }

    @Test func whatCannotBeATimeIsLeftOut() {
        for time in [Double.nan, .infinity, -.infinity, 1e300] {
            let document = rendered(
                report { $0.process.startTime = time }, by: JSONRenderer())
            #expect(!document.contains("started"))
        }
    }

    @Test func aCoreFileHasNoPause() {
        let document = rendered(report { $0.capture.source = .core }, by: JSONRenderer())
        #expect(document.contains("\"source\": \"core\""))
        #expect(!document.contains("pauseNanoseconds"))
    }

    /// What is written in pieces is what would be written whole.
    @Test func largeReportsComeInPieces() {
        struct Pieces: ByteSink {
            var sizes: [Int] = []
            mutating func write(_ bytes: Span<UInt8>) throws(Never) { sizes.append(bytes.count) }
        }
        let report = Stories.sleepers(2_000)
        var pieces = Pieces()
        JSONRenderer().render(report, options: RenderOptions(), into: &pieces)
        #expect(pieces.sizes.count > 5)
        #expect(pieces.sizes.allSatisfy { $0 < 80_000 })
        #expect(pieces.sizes.reduce(0, +) == rendered(report, by: JSONRenderer()).utf8.count)
    }

    @Test func aFailingSinkEndsIt() {
        struct Full: ByteSink {
            struct NoSpace: Error {}
            var writes = 0
            mutating func write(_ bytes: Span<UInt8>) throws(NoSpace) {
                writes += 1
                throw NoSpace()
            }
        }
        var sink = Full()
        #expect(throws: Full.NoSpace.self) {
            try JSONRenderer().render(
                Stories.sleepers(2_000), options: RenderOptions(), into: &sink)
        }
        #expect(sink.writes == 1)
    }
}
