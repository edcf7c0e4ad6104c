import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// What a program with actors of every kind says of itself against what is found from outside.
@Suite(.timeLimit(.minutes(15)))
struct ActorTruthTests {
    private static let modes = Fixture.Mode.compiled + [.static, .stripped]

    @Test(arguments: modes)
    func everyActorIsAsItSaysItself(mode: Fixture.Mode) throws {
        var fixture = try Fixture("Actors", mode: mode)
        let state = try RuntimeLook(pid: fixture.pid).state
        #expect(state.gaps.isEmpty)
        let actors = state.actors.reduce(into: [String: ActorRecord]()) { actors, actor in
            guard case .actor(let address) = actor.subject else { return }
            #expect(actors.updateValue(actor, forKey: address.description) == nil)
        }
        let facts = fixture.facts("actor")
        for fact in facts {
            let type = try #require(fact["type"] as? String)
            guard let actor = actors[fact["address"] as? String ?? ""] else {
                Issue.record("\(type) was not found")
                continue
            }
            #expect(actor.kind == .default)
            #expect(actor.type == type)
            #expect(actor.state.rawValue == fact["state"] as? String, "\(type)")
            #expect(actor.isRemote == (fact["isRemote"] as? Bool ?? false), "\(type)")
            #expect(actor.queue.count == fact["queued"] as? Int ?? 0, "\(type)")
            #expect(actor.isQueueComplete)
            #expect(actor.thread == (fact["thread"] as? Int).map { Int32($0) }, "\(type)")
        }
        // None that is gone, and nothing that is none.
        #expect(actors.count == facts.count)

        let door = try #require(actors.values.first { $0.type == "Door" })
        #expect(door.task == fixture.number("holder").map { UInt64($0) })
        // Those who were there let us see in which order they go in.
        let order = try #require(try fixture.ask("open")["order"] as? [Int])
        #expect(door.queue == order.map { .task(UInt64($0)) })
    }

    @Test(arguments: modes)
    func theMainActorOfABlockedMainThread(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Actors", mode: mode)
        let state = try RuntimeLook(pid: fixture.pid).state
        let main = try #require(state.actors.first { $0.subject == .mainActor })
        let visitors = fixture.facts.compactMap { $0["mainVisitor"] as? Int }
        #expect(visitors.count == 3)
        #expect(main.queue == visitors.map { .task(UInt64($0)) })
        #expect(main.isQueueComplete)
        #expect(main.thread == fixture.pid)
        #expect(main.task == nil)
        #expect(main.state == .unknown)
    }

    @Test(arguments: modes)
    func whoWaitsForThePool(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Actors", mode: mode, ["starved"])
        let state = try RuntimeLook(pid: fixture.pid).state
        let pool = try #require(state.actors.first { $0.subject == .globalExecutor })
        let visitors = fixture.facts.compactMap { $0["poolVisitor"] as? Int }
        #expect(visitors.count == 20)
        #expect(pool.queue == visitors.map { .task(UInt64($0)) })
        #expect(pool.isQueueComplete)
    }

    @Test(arguments: modes)
    func whoIsInTheMiddleOfAnActorsMethod(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Actors", mode: mode)
        var assembler = SnapshotAssembler(try LiveCapture.take(pid: fixture.pid))
        let snapshot = assembler.snapshot()
        let truth = fixture.facts("inside").reduce(into: [UInt64: String]()) { truth, fact in
            guard let task = fact["task"] as? Int else { return }
            truth[UInt64(task)] = fact["actor"] as? String
        }
        var found: [UInt64: String] = [:]
        for actor in snapshot.actors {
            for task in actor.suspendedInside {
                let address = actor.subject.address?.description ?? ""
                #expect(found.updateValue(address, forKey: task) == nil)
            }
        }
        // Never a wrong one; of the pair it cannot be told which.
        for (task, actor) in found { #expect(truth[task] == actor, "task \(task)") }
        let types = snapshot.actors.filter { !$0.suspendedInside.isEmpty }.compactMap(\.type)
        #expect(types.sorted() == (mode == .stripped ? [] : ["Sleeper", "Solo"]))
    }

    @Test(arguments: modes)
    func errorsAndHandlers(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Actors", mode: mode)
        let tasks = try RuntimeLook(pid: fixture.pid).state.tasks.map(\.record)
        for fact in fixture.facts("failure") {
            let task = tasks.first { Int($0.id) == fact["task"] as? Int }
            #expect(
                task?.result
                    == .error(type: fact["type"] as? String, case: fact["case"] as? String))
        }
        let handled = tasks.filter(\.hasCancellationHandler).map { Int($0.id) }
        #expect(handled == [fixture.number("handled")])
    }
}
