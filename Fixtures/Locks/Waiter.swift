import Glibc
import Synchronization

/// A thread that waits for something, and what must be found out about that.
final class Waiter: Sendable {
    private struct State {
        var tid: Int?
        var facts: [(key: String, value: JSON)]
    }

    private static let everybody = Mutex<[Waiter]>([])

    let name: String
    private let systemCall: Int
    private let state: Mutex<State>

    /// Starts a thread of this name, which is expected to come to rest in `systemCall` (or in none
    /// that matters).
    ///
    /// - Parameters:
    ///   - kind: What kind of thing it waits for, in the words of the report.
    ///   - facts: More of it: `owner`, `deadOwner`, `object`, `label`, `seconds` (at most so many
    ///     are left), `unknownTimeout`.
    @discardableResult
    init(
        _ name: String, _ kind: String, in systemCall: Int = SystemCall.futex,
        _ facts: [(String, JSON)] = [], _ body: @escaping @Sendable () -> Void
    ) {
        self.name = name
        self.systemCall = systemCall
        state = Mutex(
            State(
                facts: [("name", .string(name)), ("kind", .string(kind))]
                    + facts.map { (key: $0.0, value: $0.1) }))
        Self.everybody.withLock { $0.append(self) }
        Threads.start(name) {
            self.state.withLock { $0.tid = Threads.current }
            body()
            Held.touch()
            Fixture.fail("\(name) came out of its wait")
        }
    }

    /// Whether every thread has been found in its system call often enough not to be on its way.
    static var allRest: Bool {
        for _ in 0..<5 {
            guard everybody.withLock({ $0.allSatisfy(\.isInCall) }) else { return false }
            usleep(2000)
        }
        return true
    }

    /// One line for each.
    static var facts: [JSON] {
        everybody.withLock { $0 }.map { waiter in
            waiter.state.withLock { state in
                ["wait": .object([("tid", .number(state.tid ?? 0))] + state.facts)]
            }
        }
    }

    private var isInCall: Bool {
        guard let tid = state.withLock({ $0.tid }) else { return false }
        return Threads.systemCall(of: tid) == systemCall && Threads.state(of: tid) == "S"
    }
}

/// A thread that does something and then keeps what it has for ever.
enum Holder {
    /// Runs `body` on a thread of this name; returns its id once `body` has ended, or has called
    /// what it is given.
    static func start(_ name: String, _ body: @escaping @Sendable (_ hold: () -> Void) -> Void)
        -> Int
    {
        let tid = Atomic<Int>(0)
        let place = Shared(tid: tid)
        Threads.start(name) {
            body {
                place.tid.store(Threads.current, ordering: .releasing)
                while true { pause() }
            }
            place.tid.store(Threads.current, ordering: .releasing)
            while true { pause() }
        }
        return place.wait()
    }

    final class Shared: Sendable {
        let tid: Atomic<Int>
        init(tid: consuming Atomic<Int>) { self.tid = tid }

        func wait() -> Int {
            while true {
                let value = tid.load(ordering: .acquiring)
                if value != 0 { return value }
                usleep(500)
            }
        }
    }
}
