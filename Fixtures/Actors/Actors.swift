import Distributed
import Glibc
import Synchronization

/// Actors of every kind in every state, and in which order those who queue for one will run:
/// `open` lets them, and says in which order they did.
@main
enum Actors {
    static func main() {
        Fixture.serve(
            tasks: 0, helpers: nil, settled: { Stage.isSet.load(ordering: .acquiring) },
            facts: { Stage.facts.withLock { $0 } }, commands: ["open": { Door.open($0) }])
        Stage.say("mainThread", .number(Threads.current))
        Task.detached {
            if CommandLine.arguments.contains("starved") {
                await Pool.starve()
            } else {
                Cast.enter()
                await Door.fill()
                await Reentrance.enter()
                await Ends.enter()
            }
            Stage.isSet.store(true, ordering: .releasing)
        }
        // The main thread never serves the main actor: these wait for good.
        while !Stage.isSet.load(ordering: .acquiring) { usleep(1000) }
        while true { pause() }
    }
}

/// What is said of the scene, and what must stay alive.
enum Stage {
    static let isSet = Atomic<Bool>(false)
    static let facts = Mutex<[JSON]>([])
    nonisolated(unsafe) static var kept: [AnyObject] = []
    nonisolated(unsafe) static weak var weakly: AnyObject?

    static func say(_ key: String, _ value: JSON) {
        facts.withLock { $0.append(.object([(key, value)])) }
    }

    static func address(of object: AnyObject) -> UInt {
        UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())
    }

    /// Keeps an actor, and says what must be found of it.
    static func keep(
        _ actor: AnyObject, _ type: String, _ state: String = "idle", also: JSON = [:]
    ) {
        kept.append(actor)
        var fact: [(key: String, value: JSON)] = [
            ("type", .string(type)), ("address", .address(address(of: actor))),
            ("state", .string(state)),
        ]
        if case .object(let more) = also { fact += more }
        say("actor", .object(fact))
    }
}

// MARK: Actors that do nothing

actor Idle {
    private var number = 0
    init(_ number: Int) { self.number = number }
    func use() { number += 1 }
}

actor Box<Value: Sendable> {
    private var value: Value
    init(_ value: Value) { self.value = value }
    func use() -> Value { value }
}

actor Gone {
    private var number = 0
    func use() { number += 1 }
}

enum Cast {
    static func enter() {
        for number in 0..<50 { Stage.keep(Idle(number), "Idle") }
        Stage.keep(Box(7), "Box<Int>")
        Stage.keep(Box(["a": [1.5]]), "Box<Dictionary<String, Array<Double>>>")
        // Counts move to a table of their own once somebody refers weakly.
        let weakly = Idle(50)
        Stage.keep(weakly, "Idle")
        Stage.weakly = weakly
        for _ in 0..<100 { _ = Gone() }
        let system = Elsewhere()
        let local = Greeter(actorSystem: system)
        Stage.keep(local, "Greeter", also: ["isRemote": false])
        if let remote = try? Greeter.resolve(id: "elsewhere", using: system) {
            Stage.keep(remote, "Greeter", also: ["isRemote": true])
        }
    }
}

// MARK: Distributed

distributed actor Greeter {
    typealias ActorSystem = Elsewhere
    private var greeted = 0
    distributed func greet() { greeted += 1 }
}

/// A system that knows of no actor here: whatever is resolved is a proxy.
final class Elsewhere: DistributedActorSystem {
    typealias ActorID = String
    typealias SerializationRequirement = Codable
    typealias InvocationEncoder = LocalTestingInvocationEncoder
    typealias InvocationDecoder = LocalTestingInvocationDecoder
    typealias ResultHandler = LocalTestingInvocationResultHandler

    func resolve<Act: DistributedActor>(id: String, as type: Act.Type) throws -> Act?
    where Act.ID == String { nil }
    func assignID<Act: DistributedActor>(_ type: Act.Type) -> String where Act.ID == String {
        "here"
    }
    func actorReady<Act: DistributedActor>(_ actor: Act) where Act.ID == String {}
    func resignID(_ id: String) {}
    func makeInvocationEncoder() -> LocalTestingInvocationEncoder { fatalError("nobody calls") }
    func remoteCall<Act: DistributedActor, Failure: Error, Result: Codable>(
        on actor: Act, target: RemoteCallTarget, invocation: inout InvocationEncoder,
        throwing: Failure.Type, returning: Result.Type
    ) async throws -> Result where Act.ID == String { fatalError("nobody calls") }
    func remoteCallVoid<Act: DistributedActor, Failure: Error>(
        on actor: Act, target: RemoteCallTarget, invocation: inout InvocationEncoder,
        throwing: Failure.Type
    ) async throws where Act.ID == String { fatalError("nobody calls") }
}
