import AttachReport
import Testing

@Suite struct CheckTests {
    @Test func aLineAFinding() {
        #expect(
            rendered(Story.stuck.report, by: CheckRenderer(level: .likely)) == """
                4242 bank actor-blocked likely actor Bank is blocked: task 5 "blocker" occupies it on \
                thread 4250, and sleeps (3.2 s more) in Bank.block() at bank.swift:6
                4242 bank lost-continuation proven task 3 waits for a continuation that nothing \
                in the process refers to any more, in leak() at bank.swift:10

                """)
        let lines = { (level: Finding.Confidence) in
            rendered(Story.stuck.report, by: CheckRenderer(level: level)).split(separator: "\n")
                .count
        }
        #expect(Finding.Confidence.allCases.map(lines) == [4, 2, 1])
    }

    @Test func nothingForAHealthyProcess() {
        let renderer = CheckRenderer(level: .likely)
        #expect(rendered(Story.bank.report, by: renderer).isEmpty)
        #expect(
            rendered(Story.bank.report, by: renderer, RenderOptions(verbose: true))
                == "4242 bank nothing found\n")
        #expect(
            rendered(Story.torn.report, by: renderer, RenderOptions(verbose: true))
                == "4242 bank nothing found, in what could be read\n")
    }

    /// A name cannot add lines or columns.
    @Test func hostileNamesStayInTheirColumn() {
        let report = HostileNamesTests.hostile(" a b\n" + HostileNamesTests.name)
        let page = rendered(report, by: CheckRenderer(level: .hint))
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == report.findings.count + 1)
        for (line, finding) in zip(lines, report.findings) {
            let words = line.split(separator: " ", maxSplits: 4)
            #expect(words[0] == "4242")
            #expect(words[1].hasPrefix("\\u{20}a\\u{20}b\\u{a}"))
            #expect(words[2] == finding.kind.rawValue)
            #expect(words[3] == finding.confidence.name)
        }
        let forbidden = Set(HostileNamesTests.scalars).subtracting(["\n"])
        #expect(page.unicodeScalars.allSatisfy { !forbidden.contains($0) })
    }

    @Test(
        .enabled(if: JSONRendererTests.canValidate, "needs python3 with jsonschema"),
        arguments: [Story.bank, .stuck, .knot, .hostile])
    func documentsFollowTheSchema(story: Story) throws {
        let pretty = Files.scratch("check-\(story).json")
        let lines = Files.scratch("check-\(story).ndjson")
        let document = rendered(story.report, by: CheckRenderer(level: .hint, form: .json))
        let line = rendered(story.report, by: CheckRenderer(level: .likely, form: .ndjson))
        #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        try #require(Files.write(Array(document.utf8), to: pretty))
        try #require(Files.write(Array((line + line).utf8), to: lines))
        defer {
            Files.remove(pretty)
            Files.remove(lines)
        }
        #expect(Files.run(Files.repository + "/scripts/check-schema", pretty, lines) == 0)
    }
}

@Suite struct ExplanationTests {
    @Test(arguments: Finding.Kind.allCases)
    func pagesFitATerminal(kind: Finding.Kind) {
        let page = ExplanationPage.page(on: kind)
        #expect(page.hasPrefix(kind.rawValue + "   "))
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 80 && $0.last != " " })
        #expect(lines.count > 12)
        #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        // Nothing was lost by breaking lines.
        let words = { (text: String) in text.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        let explanation = Explanation.of(kind)
        for text in [explanation.meaning, explanation.makingSure, explanation.mending] {
            let wanted = words(text)
            #expect(words(page).joined(separator: " ").contains(wanted.joined(separator: " ")))
        }
    }

    @Test func theListHasAllKinds() {
        let lines = ExplanationPage.list().split(separator: "\n")
        #expect(lines.count == Finding.Kind.allCases.count)
        #expect(lines.allSatisfy { $0.count <= 80 })
    }
}
