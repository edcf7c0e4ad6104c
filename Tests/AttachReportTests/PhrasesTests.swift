import Testing

@testable import AttachReport

@Suite struct PhrasesTests {
    private func phrases() -> FindingPhrases { FindingPhrases(scene()) }

    private func frame(
        _ function: String, _ symbol: String, _ image: String = "bank", line: Int? = nil
    ) -> Frame {
        Frame(
            kind: .asyncResumePoint, address: Address(0x1000), function: function, symbol: symbol,
            image: image,
            location: line.map { SourceLocation(file: "/srv/bank/leak.swift", line: $0) })
    }

    @Test("Without lines, the program's own function is told of, not the library's")
    func place() {
        let own = frame("leak()", "$s4bank4leakyyYaF")
        let inlined = frame("withUnsafeContinuation<A>(_:)", "$ss22withUnsafeContinuationyxs")
        let sleep = frame("Thread.sleep(forTimeInterval:)", "$s10Foundation6ThreadC5sleep")
        let call = frame("clock_nanosleep", "clock_nanosleep", "libc.so.6")
        let main = frame("main", "main")
        func place(_ frames: [Frame]) -> String { phrases().place(frames).string }
        #expect(place([call, sleep, inlined, own]) == " in leak()")
        #expect(place([call, sleep, inlined]) == " in Thread.sleep(forTimeInterval:)")
        #expect(place([call, main]) == " in main")
        #expect(place([call]) == " in clock_nanosleep")
        #expect(place([call, main, frame("f()", "$s1f", line: 7)]) == " in f() at leak.swift:7")
        #expect(place([]) == "")
    }

    @Test(
        "Durations as people say them",
        arguments: durations)
    func duration(nanoseconds: Int64, words: String) {
        #expect(PageText(duration: nanoseconds).string == words)
    }

    private static let durations: [(Int64, String)] = [
        (840_000_000, "840 ms"), (12_300_000_000, "12 s"), (3_200_000_000, "3.2 s"),
        (991_000_000_000, "16 min 31 s"), (3_600_000_000_000, "1 h 0 min"),
        (86_400_000_000_000, "1 day 0 h"), (172_800_000_000_000, "2 days 0 h"),
        (.max, "106751 days 23 h"),
    ]

    @Test("A thousand tasks are not listed")
    func tasks() {
        func list(_ count: UInt64) -> String { phrases().tasks(Array(1...count)).string }
        #expect(list(1) == "task 1")
        #expect(list(3) == "tasks 1, 2 and 3")
        #expect(list(1_000) == "1000 tasks (1, 2, 3, 4 and 996 more)")
    }

    @Test(
        "The last part of a path",
        arguments: [("/a/b", "b"), ("b", "b"), ("/a/", "/a/"), ("", ""), ("/", "/")])
    func lastPathComponent(path: String, last: String) {
        #expect(path.lastPathComponent == last)
    }
}
