import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// Core files of fixtures that were built and run with other versions of Swift, against what those
/// said of themselves. `scripts/runtime-matrix --cores` makes them; reading them takes neither that
/// Swift nor its libraries.
@Suite(.timeLimit(.minutes(15)))
struct VersionCoreTests {
    /// A version and the layout that tasks prove where the runtime's library is not at hand.
    static let versions = ["6.0.3": "5.7-6.0", "6.2.3": "6.1-6.3"]

    @Test(arguments: versions.keys.sorted(), ["Structure", "Isolation"])
    func everyTaskIsAsTheProgramSaid(_ version: String, _ fixture: String) throws {
        let core = try RecordedCore("swift-\(version)-\(fixture)", .x86_64)
        let snapshot = snapshot(of: core, version)
        let facts = core.facts("task")
        #expect(!facts.isEmpty)
        for fact in facts {
            let truth = TaskTruth(fact, mode: .debug, fixture: fixture)
            let task = try #require(snapshot.tasks.first { $0.id == truth.id })
            // On a thread there are frames of the library between those of the program.
            let differences =
                task.state == .running
                ? truth.factualDifferences(from: task) : truth.differences(from: task)
            for difference in differences {
                // What the main actor's executor is called stands in the library, too.
                if difference == "wait is executor, should be mainActor" { continue }
                Issue.record("task \(truth.id) \(truth.name ?? ""): \(difference)")
            }
        }
        #expect(
            snapshot.coverage.gaps.contains {
                $0.subject.phrase.hasSuffix("libswift_Concurrency.so")
            })
    }

    @Test(arguments: versions.keys.sorted())
    func anActorHasItsQueue(_ version: String) throws {
        let core = try RecordedCore("swift-\(version)-Isolation", .x86_64)
        let fact = try #require(core.facts("actor").first)
        let actor = try #require(
            snapshot(of: core, version).actors.first { $0.type == fact["type"] as? String })
        guard case .actor(let address) = actor.subject else {
            Issue.record("\(actor.subject) is no actor")
            return
        }
        #expect(address.description == fact["address"] as? String)
        #expect(actor.state == .running)
        #expect(actor.queue.count == fact["queued"] as? Int)
        #expect(actor.isQueueComplete)
    }

    /// What a task is and does is data in the core file. What its functions are called is not.
    @Test(arguments: versions.keys.sorted(), ["Structure", "Isolation"])
    func withoutTheProgramTasksAreThereAndNamesAreNot(
        _ version: String, _ fixture: String
    ) throws {
        let core = try RecordedCore(
            "swift-\(version)-\(fixture)", .x86_64, hasProgram: false)
        let snapshot = snapshot(of: core, version)
        let facts = core.facts("task")
        #expect(snapshot.tasks.map { Int($0.id) } == facts.map { $0["id"] as? Int })
        for (task, fact) in zip(snapshot.tasks, facts) {
            #expect(task.state.rawValue == fact["state"] as? String, "task \(task.id)")
            #expect(task.parent.map { Int($0) } == fact["parent"] as? Int, "task \(task.id)")
            #expect(task.isCancelled == fact["cancelled"] as? Bool, "task \(task.id)")
            if task.state != .completed {
                #expect(task.name == fact["name"] as? String, "task \(task.id)")
            }
            #expect(
                task.frames.allSatisfy { $0.symbol == nil || $0.image == "[vdso]" },
                "task \(task.id)")
        }
    }

    private func snapshot(of core: borrowing RecordedCore, _ version: String) -> Snapshot {
        var assembler = SnapshotAssembler(core.capture)
        let snapshot = assembler.snapshot()
        #expect(snapshot.runtime.layout == Self.versions[version])
        return snapshot
    }
}
