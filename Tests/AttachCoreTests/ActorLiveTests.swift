import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// Actors and executors of live processes.
@Suite(.timeLimit(.minutes(15)))
struct ActorLiveTests {
    private static let modes = Fixture.Mode.compiled + [.static, .stripped]

    @Test(arguments: modes)
    func whoHoldsAnActorAndWhoQueues(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Isolation", mode: mode)
        let look = try RuntimeLook(pid: fixture.pid)
        let state = look.state
        func id(_ name: String) -> UInt64? {
            let fact = fixture.facts("task").first { $0["name"] as? String == name }
            return (fact?["id"] as? Int).map { UInt64($0) }
        }
        func thread(_ name: String) -> Int32? {
            state.tasks.first { $0.record.id == id(name) }?.record.thread
        }
        let fact = try #require(fixture.facts("actor").first)
        let counter = try #require(
            state.actors.first { $0.subject.address?.description == fact["address"] as? String })
        #expect(counter.type == "Counter")
        #expect(counter.kind == .default)
        #expect(counter.state == .running)
        #expect(counter.task == id("counter-occupant"))
        #expect(counter.thread == thread("counter-occupant") && counter.thread != nil)
        // The visitors came in this order.
        #expect(
            counter.queue == (1...4).compactMap { id("counter-visitor-\($0)").map { .task($0) } })
        #expect(counter.isQueueComplete)
        let main = try #require(state.actors.first { $0.subject == .mainActor })
        #expect(main.state == .running)
        #expect(main.task == 1)
        #expect(main.queue == [id("main-visitor").map { .task($0) }])
        #expect(main.isQueueComplete)
        let pool = try #require(state.actors.first { $0.subject == .globalExecutor })
        #expect(pool.queue.isEmpty && pool.isQueueComplete)
        for (kind, occupant, visitor) in [
            (ActorRecord.Kind.customExecutor, "ledger-occupant", "ledger-visitor"),
            (.taskExecutor, "preferring", "preferring-queued"),
        ] {
            let executor = try #require(
                state.actors.first { $0.kind == kind && $0.type == "ThreadExecutor" })
            #expect(executor.state == .running)
            #expect(executor.task == id(occupant))
            #expect(executor.thread == thread(occupant) && executor.thread != nil)
            #expect(executor.queue == [id(visitor).map { .task($0) }])
            #expect(!executor.isQueueComplete)
        }
        for type in ["Outer", "Inner"] {
            let idle = state.actors.filter { $0.type == type }
            #expect(idle.map(\.state) == [.idle])
            #expect(idle.allSatisfy { $0.queue.isEmpty && $0.task == nil && $0.thread == nil })
        }
        #expect(state.gaps.isEmpty)
    }

    /// While everything moves, what is said of an actor and of its tasks must agree.
    @Test(arguments: ["Busy", "Storm"])
    func actorsOfABusyProgramContradictNobody(name: String) throws {
        let fixture = try Fixture(name)
        for _ in 0..<10 {
            let state = try RuntimeLook(pid: fixture.pid).state
            let tasks = state.tasks.reduce(into: [UInt64: TaskRecord]()) {
                $0[$1.record.id] = $1.record
            }
            var places: Set<UInt64> = []
            for actor in state.actors {
                if let task = actor.task {
                    #expect(tasks[task]?.state == .running)
                    #expect(tasks[task]?.thread == actor.thread)
                }
                for case .task(let id) in actor.queue {
                    #expect(tasks[id]?.state == .enqueued, "in the queue of \(actor)")
                    #expect(places.insert(id).inserted, "in two queues")
                }
                if actor.state == .idle { #expect(actor.queue.isEmpty) }
            }
            let queued = tasks.values.filter { $0.state == .enqueued && $0.wait != .unknown }
            #expect(Set(queued.map(\.id)) == places)
            let gaps = state.gaps.filter { [.actor, .actors].contains($0.subject) }
            #expect(gaps.isEmpty, "\(gaps)")
        }
    }
}

extension Subject {
    /// Where it lies.
    var address: Address? {
        switch self {
        case .actor(let address), .executor(let address): address
        default: nil
        }
    }
}
