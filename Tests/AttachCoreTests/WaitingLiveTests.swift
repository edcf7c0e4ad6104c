import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// What the threads of live processes wait for, against what they know themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct WaitingLiveTests {
    /// The C library's own functions have names only where its debug symbols are installed.
    /// Where those are missing, these waits cannot be told from any other futex.
    private static let nameless: Set<String> = [
        "mutex-inherit", "mutex-robust", "mutex-robust-pi", "mutex-timed", "sem", "sem-timed",
        "join", "once-posix",
    ]

    @Test(arguments: Fixture.Mode.compiled)
    func everyThreadSaysWhatItWaitsForAndWhoHasIt(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Locks", mode: mode)
        let snapshot = try Self.snapshot(of: fixture.pid)
        let isNameless = !snapshot.threads.contains { thread in
            thread.frames.contains { $0.symbol == "__futex_abstimed_wait_common" }
        }
        let facts = fixture.facts("wait")
        #expect(facts.count > 30)
        for fact in facts {
            let name = try #require(fact["name"] as? String)
            guard !isNameless || !Self.nameless.contains(name) else { continue }
            let tid = try #require(fact["tid"] as? Int)
            let thread = try #require(snapshot.threads.first { Int($0.id) == tid })
            let wait = try #require(thread.wait, "\(name)")
            expect(wait, fact, thread: thread, name)
        }
        // The main thread, parked for good, and nobody else, has nothing to do.
        let main = try #require(snapshot.threads.first { $0.id == fixture.pid })
        #expect(main.wait?.kind == .work)
    }

    private func expect(
        _ wait: ThreadWait, _ fact: [String: Any], thread: ThreadRecord, _ name: String
    ) {
        #expect(wait.kind.rawValue == fact["kind"] as? String, "\(name)")
        let owner =
            fact["owner"] as? String == "self"
            ? thread.id : (fact["owner"] as? Int).map { Int32($0) }
        #expect(wait.owner == owner, "\(name)")
        #expect(wait.deadOwner == (fact["deadOwner"] as? Int).map { Int32($0) }, "\(name)")
        if let object = fact["object"] as? String {
            #expect(wait.object?.description == object, "\(name)")
        }
        if let label = fact["label"] as? String { #expect(wait.label == label, "\(name)") }
        if let seconds = fact["seconds"] as? Int {
            // The fixture's time began a while ago, on a busy machine a long while.
            let left = wait.timeLeft.map { $0 / 1_000_000_000 }
            #expect(
                left.map { (Int64(seconds) - 600...Int64(seconds)).contains($0) } == true,
                "\(name): \(wait)")
        } else {
            #expect(wait.timeLeft == nil, "\(name)")
        }
        #expect(
            wait.hasUnknownTimeout == (fact["unknownTimeout"] as? Bool ?? false), "\(name)")
    }

    static func snapshot(of pid: Int32) throws -> Snapshot {
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: pid))
        return assembler.snapshot()
    }
}
