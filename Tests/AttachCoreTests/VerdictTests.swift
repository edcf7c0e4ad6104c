import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// What a process suffers from, as the fixture `Verdict` says, against what is said of it; and
/// that nothing is said of one that only looks like it.
@Suite(.timeLimit(.minutes(15)))
struct VerdictTests {
    static let troubles = [
        "actor-sleep", "actor-lock", "actor-semaphore", "actors-each-other", "executor-blocked",
        "main-read", "main-read-early", "pool-starved", "abba-pthread", "abba-mutex",
        "abba-nslock", "join-lock", "lock-held", "mutex-held", "nslock-held", "rwlock-held",
        "lock-orphan", "lock-self", "queues-each-other", "queue-lock", "task-cycle",
        "group-cycle", "unread-error", "cancelled-deaf", "never-started", "chain", "chain-cycle",
    ]

    /// Continuations that nobody has.
    static let lost = [
        "cont-unsafe", "cont-checked", "cont-cycle", "cont-checked-cycle", "cont-chain",
        "group-slow",
    ]

    /// Continuations that somebody has, in whatever way.
    static let held = [
        "cont-timer", "cont-timer-source", "cont-read-source", "cont-queue", "cont-dictionary",
        "cont-set", "cont-object", "cont-actor", "cont-enum", "cont-thread", "cont-argument",
        "cont-task", "cont-interior", "cont-memory", "cont-shared-memory", "cont-specific",
        "cont-epoll", "cont-stream",
    ]

    /// Other scenarios of which nothing is to be said at all.
    static let harmless = [
        "condition", "dispatch-group", "actor-working", "actor-computing", "lock-working",
        "lock-computing", "pool-computing", "main-loop", "lock-elsewhere",
    ]

    /// What moves all the time, and in one picture looks like trouble.
    static let busy = [
        "actor-sleep", "actor-lock", "actor-semaphore", "actors-each-other", "executor-blocked",
        "main-read", "pool-starved", "abba-pthread", "abba-mutex", "abba-nslock", "lock-held",
        "mutex-held", "nslock-held", "rwlock-held", "queues-each-other", "queue-lock",
        "never-started", "chain", "main-loop", "bursts", "lock-timed", "cancelled-slow",
    ]

    /// What is stuck for good, or moves all the time, shows it soon.
    private static let shortPatience: Int64 = 300_000_000

    @Test(arguments: troubles, [Fixture.Mode.debug, .release])
    func troubleIsNamed(_ scenario: String, _ mode: Fixture.Mode) throws {
        let fixture = try Fixture("Verdict", mode: mode, [scenario, "sick"])
        let diagnosis = try diagnosis(of: fixture.pid)
        let told = fixture.facts("verdict").map(Verdict.init)
        #expect(!told.isEmpty)
        for verdict in told where !diagnosis.findings.contains(where: verdict.isMet) {
            Issue.record("\(verdict) is missing in \(Self.text(diagnosis))")
        }
        // Nothing else: neither another kind, nor the same of somebody else.
        for finding in diagnosis.findings where finding.confidence > .hint {
            if told.contains(where: { $0.allows(finding) }) { continue }
            Issue.record("\(Self.text(finding)) is too much beside \(told)")
        }
    }

    /// What a function that has returned left behind in memory still in use can look like a
    /// reference: a miss, which is allowed, but not in one process after the other.
    @Test(arguments: ["cont-chain", "group-slow"], [Fixture.Mode.debug, .release])
    func lostContinuationIsNamed(_ scenario: String, _ mode: Fixture.Mode) throws {
        var seen: [String] = []
        for _ in 0..<5 {
            let fixture = try Fixture("Verdict", mode: mode, [scenario, "sick"])
            let diagnosis = try diagnosis(of: fixture.pid)
            let told = fixture.facts("verdict").map(Verdict.init)
            let above = diagnosis.findings.filter { $0.confidence > .hint }
            #expect(above.allSatisfy { finding in told.contains { $0.isMet(by: finding) } })
            if above.count == told.count && !told.isEmpty { return }
            seen.append(Self.text(diagnosis))
        }
        Issue.record("missed again and again: \(seen)")
    }

    @Test(arguments: troubles + harmless)
    func healthyTwinIsLeftAlone(_ scenario: String) throws {
        let fixture = try Fixture("Verdict", [scenario, "healthy"])
        expectNothing(of: try diagnosis(of: fixture.pid), fixture)
    }

    @Test(arguments: lost + held, [Fixture.Mode.debug, .release])
    func continuationThatSomebodyHasIsNotLost(_ scenario: String, _ mode: Fixture.Mode) throws {
        let fixture = try Fixture("Verdict", mode: mode, [scenario, "healthy"])
        expectNothing(of: try diagnosis(of: fixture.pid), fixture)
    }

    @Test(arguments: busy)
    func busyTwinIsLeftAlone(_ scenario: String) throws {
        let fixture = try Fixture("Verdict", mode: .release, [scenario, "busy"])
        for _ in 0..<2 {
            let diagnosis = try diagnosis(of: fixture.pid, patience: 1_000_000_000)
            expectNothing(of: diagnosis, fixture)
        }
    }

    /// Healthy programs whose steps are long: looked at as `check` does, and as the page.
    static let slow = [
        "slow-actor", "slow-queue", "slow-main", "slow-executor", "leader-followers",
        "lock-handed",
    ]

    @Test(arguments: slow)
    func slowTwinIsLeftAlone(_ scenario: String) throws {
        let fixture = try Fixture("Verdict", mode: .release, [scenario, "healthy"])
        for seconds: Int64 in [5, 1, 5, 1] {
            expectNothing(
                of: try diagnosis(of: fixture.pid, patience: seconds * 1_000_000_000), fixture)
            usleep(370_000)
        }
    }

    /// Libdispatch's workers end after some seconds without work, and stacks are given back: an old
    /// standstill is another picture than a young one.
    @Test(
        arguments: [
            "actor-sleep", "actor-semaphore", "executor-blocked", "main-read", "pool-starved",
            "lock-held", "lock-orphan", "lock-self", "cancelled-deaf", "never-started",
        ])
    func oldTroubleIsNamed(_ scenario: String) async throws {
        let fixture = try Fixture("Verdict", mode: .release, [scenario, "sick"])
        try await Task.sleep(for: .seconds(20))
        let diagnosis = try diagnosis(of: fixture.pid, patience: 1_000_000_000)
        let told = fixture.facts("verdict").map(Verdict.init)
        #expect(!told.isEmpty)
        for verdict in told where !diagnosis.findings.contains(where: verdict.isMet) {
            Issue.record("\(verdict) is missing in \(Self.text(diagnosis))")
        }
    }

    @Test func stormIsLeftAlone() throws {
        let fixture = try Fixture("Storm", mode: .release)
        for _ in 0..<5 { expectNothing(of: try diagnosis(of: fixture.pid), fixture) }
    }

    private func expectNothing(of diagnosis: Diagnosis, _ fixture: borrowing Fixture) {
        let saysItIsHealthy = fixture.facts.contains { $0["healthy"] as? Bool == true }
        #expect(saysItIsHealthy)
        for finding in diagnosis.findings where finding.confidence > .hint {
            Issue.record("\(Self.text(finding)) of a healthy process")
        }
    }

    private func diagnosis(
        of pid: Int32, patience: Int64 = Self.shortPatience
    ) throws -> Diagnosis {
        var options = SnapshotOptions()
        options.readsLines = false
        let capture = try LiveCapture.take(pid: pid)
        var assembler = SnapshotAssembler(capture, options: options)
        var snapshot = assembler.snapshot()
        let first = Diagnosis(of: snapshot)
        guard first.wantsSecondLook, let look = capture.secondLook else { return first }
        snapshot.stillness = look.stillness(
            of: snapshot, capture: capture, patience: patience
        ) { stillness in
            var seen = snapshot
            seen.stillness = stillness
            return Diagnosis(of: seen).wantsSecondLook
        }
        return Diagnosis(of: snapshot)
    }

    private static func text(_ diagnosis: Diagnosis) -> String {
        diagnosis.findings.isEmpty
            ? "no findings" : diagnosis.findings.map(text).joined(separator: "; ")
    }

    private static func text(_ finding: Finding) -> String {
        "\(finding.kind.rawValue) (\(finding.confidence)) of \(finding.subjects) before"
            + " \(finding.affected): \(finding.cause) \(finding.evidence)"
    }
}

/// What a fixture says of itself as a whole.
private struct Verdict: CustomStringConvertible {
    let kind: String
    let subjects: Set<Subject>
    let affected: Set<Subject>
    let confidence: Finding.Confidence
    let besides: [String]

    init(_ fact: [String: Any]) {
        kind = fact["kind"] as? String ?? ""
        subjects = Self.subjects(fact["subjects"])
        affected = Self.subjects(fact["affected"])
        confidence = fact["confidence"] as? String == "hint" ? .hint : .likely
        besides = fact["besides"] as? [String] ?? []
    }

    /// Whether a finding says so.
    func isMet(by finding: Finding) -> Bool {
        finding.kind.rawValue == kind && finding.confidence >= confidence
            && subjects.isSubset(of: finding.subjects) && affected.isSubset(of: finding.affected)
    }

    /// Whether a finding may be there beside or instead of it.
    func allows(_ finding: Finding) -> Bool {
        isMet(by: finding) || besides.contains(finding.kind.rawValue)
    }

    var description: String { "\(kind) of \(subjects) before \(affected)" }

    private static func subjects(_ fact: Any?) -> Set<Subject> {
        let list = fact as? [[String: Any]] ?? []
        return Set(list.compactMap(subject))
    }

    private static func subject(_ fact: [String: Any]) -> Subject? {
        guard let (key, value) = fact.first else { return nil }
        let address = (value as? String).flatMap { UInt64($0.dropFirst(2), radix: 16) }
        switch key {
        case "task": return (value as? Int).map { .task(UInt64($0)) }
        case "thread": return (value as? Int).map { .thread(Int32($0)) }
        case "actor": return address.map { .actor(Address($0)) }
        case "executor": return address.map { .executor(Address($0)) }
        case "lock": return address.map { .lock(Address($0)) }
        case "mainActor": return .mainActor
        case "globalExecutor": return .globalExecutor
        default: return nil
        }
    }
}
