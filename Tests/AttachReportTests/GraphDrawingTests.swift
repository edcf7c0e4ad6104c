import Testing

@testable import AttachReport

@Suite struct GraphDrawingTests {
    /// Whether Graphviz is there to judge what we write.
    static let hasGraphviz = Files.run("/usr/bin/env", "sh", "-c", "command -v dot >/dev/null") == 0

    @Test(arguments: [Story.stuck, .knot, .bank])
    func drawings(story: Story) {
        expectGolden(rendered(story.report, by: DOTRenderer()), "\(story).dot")
        expectGolden(rendered(story.report, by: MermaidRenderer()), "\(story).mermaid")
    }

    @Test(.enabled(if: hasGraphviz, "needs Graphviz"), arguments: Story.allCases)
    func graphvizAcceptsIt(story: Story) throws {
        let path = Files.scratch("\(story).dot")
        for options in [RenderOptions(), RenderOptions(showAll: true, verbose: true)] {
            let text = rendered(story.report, by: DOTRenderer(), options)
            try #require(Files.write(Array(text.utf8), to: path))
            defer { Files.remove(path) }
            #expect(Files.run("/usr/bin/env", "dot", "-Tdot", "-o", "/dev/null", path) == 0)
        }
    }

    /// Mermaid by its shape: every line is one of the few that are written, whatever names hold.
    @Test(arguments: Story.allCases)
    func everyLineIsAStatement(story: Story) {
        let text = rendered(story.report, by: MermaidRenderer())
        let label = /"[^"`\\|\[\]{}]*"/
        let isStatement = { (line: Substring) in
            line == "flowchart LR"
                || line.wholeMatch(of: /\ \ (class|classDef) [a-z0-9, :#-]+/) != nil
                || line.replacing(label, with: "L").wholeMatch(
                    of: /\ \ (n\d+|note)(\[L\]|\[\[L\]\]|\{L\}|\{\{L\}\}|\(\[L\]\)|\[\/L\/\])/)
                    != nil
                || line.replacing(label, with: "L").wholeMatch(of: /\ \ n\d+ (-->|==>)\|L\| n\d+/)
                    != nil
        }
        for line in text.split(separator: "\n") { #expect(isStatement(line), "\(line)") }
    }

    @Test(arguments: [false, true])
    func aHundredThousandSleepersAreOneNode(sharesFrames: Bool) {
        let count = sharesFrames ? 100_000 : 1_000
        var report = Stories.sleepers(count, sharingFrames: sharesFrames)
        report.edges = report.snapshot.tasks.flatMap { task in
            [
                Edge(
                    from: .group(Address(64)), to: .task(task.id), kind: .hasChild,
                    evidence: .dependency),
                Edge(
                    from: .task(task.id), to: .continuation(of: task.id), kind: .suspendedIn,
                    evidence: .dependency),
            ]
        }
        let graph = GraphDrawing(report, options: RenderOptions())
        #expect(graph.nodes.map(\.members.count) == [1, count, count])
        #expect(graph.arrows.map(\.count) == [count, count])
        #expect(graph.leftOut == 0)
    }

    @Test func whatWaitsForDifferentActorsIsNotOneNode() {
        var report = report(
            tasks: [
                task(1).queued(on: "Bank", at: 64), task(2).queued(on: "Bank", at: 128),
                task(3).queued(on: "Bank", at: 128),
            ])
        report.edges = [(1, 64), (2, 128), (3, 128)].map { id, address in
            Edge(
                from: .task(id), to: .actor(Address(address)), kind: .queuedOn,
                evidence: .dependency)
        }
        let graph = GraphDrawing(report, options: RenderOptions())
        #expect(graph.nodes.map(\.members.count) == [1, 1, 2, 1])
        #expect(graph.arrows.count == 2)
        let all = GraphDrawing(report, options: RenderOptions(showAll: true))
        #expect(all.nodes.count == 5)
    }

    @Test func aLargeGraphIsCutToWhatMatters() {
        let ids = Array(UInt64(1)...500)
        var report = report(tasks: ids.map { task($0).awaits($0 + 1).at("f\($0)() a.swift:1") })
        report.edges = ids.map {
            Edge(from: .task($0), to: .task($0 + 1), kind: .awaits, evidence: .dependency)
        }
        report.findings = [
            Finding(
                .lostContinuation, severity: .problem, confidence: .proven,
                subjects: [.task(400)])
        ]
        let graph = GraphDrawing(report, options: RenderOptions())
        #expect(graph.nodes.count == GraphDrawing.mostNodes)
        #expect(graph.nodes.contains { $0.members == [.task(400)] && $0.isSuspect })
        #expect(graph.leftOut == 501 - GraphDrawing.mostNodes)
        #expect(rendered(report, by: DOTRenderer()).contains("441 more that wait are left out"))
        #expect(rendered(report, by: MermaidRenderer()).contains("441 more that wait are left out"))
        #expect(GraphDrawing(report, options: RenderOptions(showAll: true)).nodes.count == 501)
    }

    @Test func cyclesAreMarked() {
        let graph = GraphDrawing(Story.knot.report, options: RenderOptions())
        #expect(graph.nodes.filter(\.isInCycle).count == 6)
        #expect(graph.arrows.filter(\.isInCycle).count == 6)
        #expect(graph.arrows.count == 7)
    }

    @Test func nobodyWaits() {
        let empty = Story.empty.report
        #expect(rendered(empty, by: DOTRenderer()).contains("nobody waits for anybody"))
        #expect(
            rendered(empty, by: MermaidRenderer())
                == "flowchart LR\n  note[\"nobody waits for anybody\"]\n")
    }

    @Test(arguments: [false, true])
    func hostileNamesAreSpelledOut(showAll: Bool) {
        let forbidden = Set(HostileNamesTests.scalars).subtracting(["\n"])
        let report = HostileNamesTests.hostile(HostileNamesTests.name)
        let options = RenderOptions(showAll: showAll, verbose: true)
        for text in [
            rendered(report, by: DOTRenderer(), options),
            rendered(report, by: MermaidRenderer(), options),
        ] {
            #expect(text.unicodeScalars.allSatisfy { !forbidden.contains($0) })
            #expect(text.contains("u#123;1b#125;") || text.contains("\\\\u{1b}"))
        }
    }
}
