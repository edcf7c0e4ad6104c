import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Who can still resume the tasks of a live process.
@Suite(.timeLimit(.minutes(15)))
struct ContinuationLiveTests {
    private static let modes = Fixture.Mode.compiled + [.static]

    @Test(arguments: modes)
    func aHeldContinuationIsNeverLost(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Continuations", mode: mode)
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: fixture.pid))
        let snapshot = assembler.snapshot()
        let records = snapshot.tasks.reduce(into: [UInt64: TaskRecord]()) { $0[$1.id] = $1 }
        var found = 0
        var lost = 0
        for fact in fixture.facts("task") {
            guard let id = fact["id"] as? Int else { continue }
            let record = try #require(records[UInt64(id)])
            let name = record.name ?? "main"
            if fact["held"] as? Bool == true {
                guard case .held(let holders)? = record.continuation?.reach else {
                    Issue.record("\(name) is held, not \(record.continuation as Any)")
                    continue
                }
                #expect(!holders.isEmpty)
            } else if fact["lost"] as? Bool == true {
                lost += 1
                if case .nowhere(let bytes)? = record.continuation?.reach {
                    found += 1
                    #expect(bytes > 0)
                }
            }
            if let creator = fact["creator"] as? String {
                #expect(record.continuation?.isChecked == true)
                #expect(record.continuation?.creator == creator)
            }
        }
        #expect(lost == 7)
        // Chance leaves traces of some of them; of all of them it does not.
        #expect(found >= 2)
    }

    /// A continuation that lies on a thread's stack or in a task's frame can be resumed by them: the
    /// wait graph leads on from it, for a thread that nothing else in the process knows of.
    @Test(arguments: Fixture.Mode.compiled)
    func whoMayResumeIsAnArrow(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Continuations", mode: mode)
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: fixture.pid))
        let snapshot = assembler.snapshot()
        let edges = Diagnosis(of: snapshot).edges.filter { $0.kind == .resumableBy }
        func resumers(of name: String) throws -> [Subject] {
            let id = try #require(snapshot.tasks.first { $0.name == name }).id
            return edges.filter { $0.from == .continuation(of: id) }.map(\.to)
        }
        let thread = try #require(snapshot.threads.first { $0.name == "holder" })
        #expect(try resumers(of: "thread").contains(.thread(thread.id)))
        let task = try #require(snapshot.tasks.first { $0.name == "holder" })
        #expect(try resumers(of: "other task").contains(.task(task.id)))
        #expect(try resumers(of: "global").isEmpty)
        #expect(try resumers(of: "dropped").isEmpty)
    }

    @Test(arguments: Fixture.Mode.compiled)
    func whenSleepersWake(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Waits", mode: mode)
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: fixture.pid))
        let sleepers = assembler.snapshot().tasks.filter { $0.wait == .sleep }
        #expect(sleepers.count == 4)
        for sleeper in sleepers {
            let seconds = try #require(sleeper.wakesIn) / 1_000_000_000
            // They have all begun to sleep for a day, less than the fixture's life ago.
            #expect((86_000...86_400).contains(seconds))
        }
    }

    @Test(arguments: ["libjemalloc.so.2", "libmimalloc.so.2.0", "libtcmalloc_minimal.so.4"])
    func anotherAllocatorIsNoHeap(library: String) throws {
        let folder = "/usr/lib/x86_64-linux-gnu/"
        guard unsafe access(folder + library, R_OK) == 0 else { return }
        let fixture = try Fixture(
            "Continuations", mode: .release,
            launcher: ["/usr/bin/env", "LD_PRELOAD=" + folder + library])
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: fixture.pid))
        for task in assembler.snapshot().tasks {
            if case .nowhere? = task.continuation?.reach {
                Issue.record("\(task.name ?? "main") is called lost under \(library)")
            }
        }
    }
}
