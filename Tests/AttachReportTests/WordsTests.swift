import Testing

@testable import AttachReport

@Suite struct WordsTests {
    private func words() -> Words {
        let snapshot = scene()
        return Words(snapshot, RecordIndex(snapshot))
    }

    private func frame(_ function: String, _ symbol: String, _ image: String = "bank") -> Frame {
        Frame(
            kind: .asyncResumePoint, address: Address(0x1000), function: function, symbol: symbol,
            image: image)
    }

    @Test("Without lines, the program's own function is told of, not the library's")
    func place() {
        let own = frame("leak()", "$s4bank4leakyyYaF")
        let inlined = frame("withUnsafeContinuation<A>(_:)", "$ss22withUnsafeContinuationyxs")
        let sleep = frame("Thread.sleep(forTimeInterval:)", "$s10Foundation6ThreadC5sleep")
        let call = frame("clock_nanosleep", "clock_nanosleep", "libc.so.6")
        #expect(words().place([call, sleep, inlined, own]) == " in leak()")
        #expect(words().place([call, sleep, inlined]) == " in Thread.sleep(forTimeInterval:)")
        #expect(words().place([call]) == " in clock_nanosleep")
        #expect(words().place([]) == "")
    }

    @Test(
        "Durations as people say them",
        arguments: [
            (-5, "0 ms"), (840_000_000, "840 ms"), (12_300_000_000, "12 s"),
            (991_000_000_000, "16 min 31 s"), (3_600_000_000_000, "1 h 0 min"),
            (86_400_000_000_000, "1 day"), (Int64.max, "106751 days"),
        ])
    func duration(nanoseconds: Int64, words: String) {
        #expect(Words.duration(nanoseconds) == words)
    }

    @Test("A thousand tasks are not listed")
    func tasks() {
        func list(_ count: UInt64) -> String { words().tasks(Array(1...count)) }
        #expect(list(1) == "task 1")
        #expect(list(3) == "tasks 1, 2 and 3")
        #expect(list(1_000) == "1000 tasks (1, 2, 3, 4 and 996 more)")
    }
}
