import AttachReport
import Testing

/// The target chooses its names, and may choose them to mislead whoever reads the page.
@Suite struct HostileNamesTests {
    /// Scalars that a terminal acts on, or that show as nothing or turn text around.
    static let scalars: [Unicode.Scalar] = {
        let values: [ClosedRange<UInt32>] = [
            0x00...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E,
            0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0x3164...0x3164,
            0xFEFF...0xFEFF, 0xFFF9...0xFFFB, 0xE0001...0xE0001, 0xE0020...0xE007F,
        ]
        return values.joined().compactMap { Unicode.Scalar($0) }
    }()

    /// All of them, between other things that must not get out.
    static let name: String = {
        var name = "\u{1B}[2J\u{1B}]0;title\u{7}\"quoted\" \\u{41}\r\n"
        for scalar in scalars { name.unicodeScalars.append(scalar) }
        return name + "end"
    }()

    /// A report in which every string that a target can choose is `name`.
    static func hostile(_ name: String) -> Report {
        let frames = [
            Frame(
                kind: .returnAddress, address: Address(1), function: name, symbol: name,
                symbolOffset: 1, image: name, imageOffset: 1,
                location: SourceLocation(file: name, line: 1, column: 1)),
            Frame(kind: .returnAddress, address: Address(2), symbol: name, image: name),
            Frame(kind: .asyncResumePoint, address: Address(3), image: name, imageOffset: 3),
            Frame(
                kind: .inlined, function: "f", location: SourceLocation(file: "a/" + name, line: 0)),
            Frame(kind: .stopped(name)),
        ]
        let waits: [(inout TaskRecord) -> Void] = [
            { $0.wait = .actor(Address(1), type: name) },
            { $0.wait = .executor(Address(1), type: name) },
            { $0.wait = .task(1) },
            {
                $0.state = .enqueued
                $0.wait = .actor(Address(1), type: name)
            },
            {
                $0.state = .completed
                $0.result = .error(type: name)
            },
        ]
        var tasks = waits.enumerated().map { index, wait in
            task(UInt64(index + 1), name).stands(on: frames).changed {
                wait(&$0)
                $0.resultType = name
            }
        }
        tasks += [task(8, name).sleeps(), task(9, name + "2").sleeps()]
        let threads = [
            thread(4242, name).sits(in: name).runs(task: 1).stands(on: frames),
            thread(4243, name).stands(on: frames), thread(4244, name + "2").stands(on: frames),
        ]
        let gap = Gap(.file(name), reason: .limit, detail: name)
        var report = report(on: name, tasks: tasks, threads: threads, gaps: [gap]) {
            Self.addWaits(to: &$0, name)
            $0.process.executable = name
            $0.process.arguments = [name, name]
            $0.runtime.layout = name
            $0.images = [
                ImageRecord(
                    name: name, path: name, buildID: "00", baseAddress: Address(1),
                    endOfText: Address(2))
            ]
        }
        let subjects: [Subject] = [
            .task(8), .thread(4242), .actor(Address(1)), .executor(Address(2)), .queue(Address(4)),
            .lock(Address(4)), .continuation(of: 8), .group(Address(9)), .mainActor,
        ]
        report.edges = subjects.map {
            Edge(from: $0, to: .task(8), kind: .waitsFor, evidence: .threadWait(name))
        }
        report.findings = Samples.causes(name).flatMap { cause in
            Finding.Confidence.allCases.map { confidence in
                Finding(
                    cause, severity: .problem, confidence: confidence, subjects: subjects,
                    affected: subjects, evidence: Samples.facts(name))
            }
        }
        return report
    }

    /// Everything that a target can say of its waits.
    private static func addWaits(to snapshot: inout Snapshot, _ name: String) {
        let reaches: [ContinuationRecord.Reach] = [
            .held(by: [.object(type: name), .global(image: name), .mapping(Address(1), file: name)]
            ), .unknown(name), .nowhere(bytesSearched: 1),
        ]
        for (index, reach) in reaches.enumerated() where index < snapshot.tasks.count {
            snapshot.tasks.append(
                task(UInt64(100 + index), name).waitsForContinuation().changed {
                    $0.continuation = ContinuationRecord(
                        isChecked: true, creator: name, reach: reach)
                }.record)
        }
        snapshot.tasks.append(
            task(120).finished(throwing: name).changed {
                $0.result = .error(type: name, case: name)
            }.record)
        for (index, kind) in ThreadWait.Kind.allCases.enumerated() {
            snapshot.threads.append(
                thread(5000 + Int32(index), name).sits(in: name).changed {
                    $0.wait = ThreadWait(
                        kind: kind, object: Address(4), label: name, owner: 4242, deadOwner: 3,
                        descriptors: [DescriptorRecord(number: 3, kind: .socket, name: name)],
                        evidence: name)
                }.record)
        }
        let kinds: [(Subject, ActorRecord.Kind)] = [
            (.actor(Address(1)), .default), (.executor(Address(2)), .customExecutor),
            (.executor(Address(3)), .taskExecutor), (.mainActor, .main),
            (.globalExecutor, .globalExecutor),
        ]
        for state in [ActorRecord.State.idle, .scheduled, .running, .ending, .unknown] {
            snapshot.actors += kinds.map { subject, kind in
                ActorRecord(
                    subject: subject, kind: kind, type: name, state: state, task: 8, thread: 4242,
                    queue: [.task(8), .other(Address(1))], isQueueComplete: false,
                    suspendedInside: [8])
            }
        }
    }

    @Test(arguments: [false, true], [false, true])
    func pageShowsThemSpelledOut(showAll: Bool, verbose: Bool) {
        let report = Self.hostile(Self.name)
        let page = rendered(report, RenderOptions(showAll: showAll, verbose: verbose))
        let forbidden = Set(Self.scalars).subtracting(["\n"])
        #expect(page.unicodeScalars.allSatisfy { !forbidden.contains($0) })
        #expect(page.contains("\\u{1b}[2J"))
        #expect(page.contains("\\u{202e}"))
        #expect(page.contains("\\u{feff}"))
        // A backslash of the name is told from one of ours.
        #expect(page.contains("\\\\u{41}"))
        // Names add no lines, but for sentences, which are broken.
        let parts = RenderOptions.Sections.all.subtracting(.verdict)
        let options = RenderOptions(showAll: showAll, verbose: verbose, sections: parts)
        let bare = rendered(report, options)
        let harmless = rendered(Self.hostile("name"), options)
        let lines = { (text: String) in text.utf8.count { $0 == UInt8(ascii: "\n") } }
        #expect(lines(bare) == lines(harmless))
    }

    @Test func colorIsOursAlone() {
        let page = rendered(Self.hostile(Self.name), RenderOptions(color: true))
        let escapes = page.split(separator: "\u{1B}", omittingEmptySubsequences: false).dropFirst()
        let ours = ["[0m", "[1m", "[2m", "[31m"]
        #expect(!escapes.isEmpty)
        #expect(escapes.allSatisfy { text in ours.contains { text.hasPrefix($0) } })
    }

    @Test(arguments: [false, true])
    func documentSpellsThemOut(isSingleLine: Bool) {
        let document = rendered(
            Self.hostile(Self.name), by: JSONRenderer(isSingleLine: isSingleLine))
        let forbidden = Set(Self.scalars).subtracting(["\n"])
        #expect(document.unicodeScalars.allSatisfy { !forbidden.contains($0) })
        #expect(document.contains("\\u001b[2J"))
        #expect(document.contains("\\u202e"))
        #expect(document.contains("\\u2028"))
        #expect(document.contains("\\udb40\\udc20"))
    }

    @Test func longNamesAreCut() {
        let name = String(repeating: "ü", count: 100_000)
        let page = rendered(report(threads: [thread(1, name)]))
        #expect(page.unicodeScalars.count < 2_000)
        #expect(page.contains("…(99488 more)"))
        // For programs nothing is cut.
        let document = rendered(report(threads: [thread(1, name)]), by: JSONRenderer())
        #expect(document.contains(name))
    }

    @Test func ordinaryNamesStayAsTheyAre() {
        let name = "Größe des Kontos 口座 🏦"
        let page = rendered(report(threads: [thread(1, name)]))
        #expect(page.contains("\"" + name + "\""))
    }
}
