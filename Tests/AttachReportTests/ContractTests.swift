import Testing

@testable import AttachReport

/// Whatever the core can say goes through the diagnosis and every renderer.
@Suite struct ContractTests {
    /// A process in which everything occurs that a record can hold.
    private static func snapshot(_ name: String) -> Snapshot {
        let states: [TaskRecord.State] = [.running, .enqueued, .suspended, .created, .completed]
        var tasks: [TaskStory] = [task(8, name)]
        var next: UInt64 = 1_000
        for wait in Samples.waits(name) {
            for state in states {
                next += 1
                tasks.append(
                    task(next).changed {
                        $0.wait = wait
                        $0.state = state
                        $0.isCancelled = next % 2 == 0
                        $0.isAtItsStart = next % 3 == 0
                        $0.thread = state == .running ? 4242 : nil
                    })
            }
        }
        let reaches: [ContinuationRecord.Reach] =
            Samples.holders(name).map { .held(by: [$0]) }
            + [.held(by: Samples.holders(name)), .nowhere(bytesSearched: 1), .unknown(name)]
        for reach in reaches {
            next += 1
            tasks.append(
                task(next).waitsForContinuation().changed {
                    $0.continuation = ContinuationRecord(
                        isChecked: true, creator: name, reach: reach)
                })
        }
        var threads: [ThreadStory] = [thread(4242, name), thread(4243, name)]
        var id: Int32 = 5_000
        for kind in ThreadWait.Kind.allCases {
            for role in ThreadRecord.Role.allCases.map(Optional.some) + [nil] {
                id += 1
                threads.append(
                    thread(id, name).at("f() a.swift:1").changed {
                        $0.state = .sleeping
                        $0.role = role
                        $0.wait = ThreadWait(
                            kind: kind, object: Address(UInt64(id % 7)), label: name,
                            owner: id % 2 == 0 ? id - 1 : nil, deadOwner: id % 2 == 0 ? nil : 77,
                            timeLeft: id % 3 == 0 ? 1 : nil,
                            timeLimit: id % 3 == 1 ? 1 : nil)
                    })
            }
        }
        let reasons = Gap.Reason.allCases
        let gaps = Samples.gaps(name).enumerated().map {
            Gap($1, address: Address(1), bytes: 2, reason: reasons[$0 % reasons.count])
        }
        return report(on: name, tasks: tasks, threads: threads, gaps: gaps) {
            $0.stillness = Stillness(
                nanoseconds: 200_000_000, threads: Set($0.threads.map(\.id)),
                tasks: Set($0.tasks.map(\.id)))
        }.snapshot
    }

    @Test(arguments: [false, true], [false, true])
    func everythingIsSaid(showAll: Bool, verbose: Bool) {
        let snapshot = Self.snapshot("name")
        let diagnosis = Diagnosis(of: snapshot)
        let subjects: [Subject] = [.actor(Address(1)), .task(8), .thread(4242)]
        let made = Samples.causes("name").map {
            Finding(
                $0, severity: .problem, confidence: .likely, subjects: subjects,
                evidence: Samples.facts("name"))
        }
        let report = Report(
            toolVersion: "1", snapshot: snapshot, edges: diagnosis.edges,
            findings: diagnosis.findings + made)
        let options = RenderOptions(showAll: showAll, verbose: verbose)
        let pages = [
            rendered(report, options), rendered(report, by: DOTRenderer(), options),
            rendered(report, by: MermaidRenderer(), options),
            rendered(report, by: JSONRenderer(), options),
            rendered(report, by: CheckRenderer(level: .hint), options),
        ]
        #expect(pages.allSatisfy { $0.count > 1_000 })
        if verbose && showAll {
            for gap in Samples.gaps("name") { #expect(pages[0].contains(gap.phrase)) }
        }
        for holder in Samples.holders("name") {
            let phrase = SnapshotIndex(snapshot).phrase(of: holder).string
            #expect(!phrase.isEmpty)
            #expect(!showAll || pages[0].contains(phrase))
        }
        // Each is a sentence that says something else, and begins and ends as one does.
        let phrases = FindingPhrases(snapshot)
        let facts = Samples.facts("name").map { phrases.sentence($0, of: made[0]).string }
        for text in facts + made.map(phrases.message) {
            #expect(!text.isEmpty && text.first != " " && text.last != " ", "\(text)")
            #expect(!text.contains("  ") && !text.contains("nil"), "\(text)")
        }
        #expect(Set(facts).count >= facts.count - 1)
    }

    /// These words are part of the JSON format.
    @Test func theSchemaKnowsThemAll() throws {
        let path = Files.repository + "/docs/report.schema.json"
        let schema = String(decoding: try #require(Files.read(path)), as: UTF8.self)
        for name in ThreadRecord.Role.allCases.map(\.rawValue)
            + ThreadWait.Kind.allCases.map(\.rawValue) + Wait.Kind.allCases.map(\.rawValue)
            + Edge.Kind.allCases.map(\.rawValue)
            + Gap.Reason.allCases.map(\.rawValue)
        {
            #expect(schema.contains("\"" + name + "\""), "\(name)")
        }
    }
}
