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
        let gap = Gap(what: name, reason: .limit, detail: name)
        return report(on: name, tasks: tasks, threads: threads, gaps: [gap]) {
            $0.process.executable = name
            $0.process.arguments = [name, name]
            $0.runtime.layout = name
            $0.images = [
                ImageRecord(
                    name: name, path: name, buildID: "00", baseAddress: Address(1),
                    endOfText: Address(2))
            ]
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
        // Names add no lines.
        let harmless = rendered(
            Self.hostile("name"), RenderOptions(showAll: showAll, verbose: verbose))
        let lines = { (text: String) in text.utf8.count { $0 == UInt8(ascii: "\n") } }
        #expect(lines(page) == lines(harmless))
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
