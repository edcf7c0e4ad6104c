import Glibc
import Synchronization

/// Tasks without number (the argument, 1,000 by default) that wait as the tasks of a large server
/// do: most for somebody who has their continuation, some for a timer, for a task, for a group,
/// for an actor that one keeps to himself; and a few for nobody.
@main
enum Crowd {
    static func main() async {
        let count = max(100, Fixture.argument(1, default: 1000))
        let lost = count / 100
        let queued = count / 10
        Fixture.bound()
        let desk = Desk()
        let executor = ThreadExecutor("holder", asTask: true)
        Task(name: "holder", executorPreference: executor) { await desk.keep() }
        while !Arrivals.isKept { await Task.yield() }

        for number in 0..<count {
            switch number {
            case ..<lost: start { await loseContinuation() }
            case ..<(lost + queued): start { await desk.visit() }
            default: startOrdinary(number)
            }
        }
        Threads.start("control") {
            while !Arrivals.areAtRest(count) { usleep(1000) }
            Fixture.emit(["tasks": .number(Arrivals.total + 2)])
            Fixture.emit(["lost": .number(lost)])
            Fixture.emit(["queued": .number(queued)])
            Fixture.converse()
        }
        await withUnsafeContinuation { Held.hold($0) }
    }

    static func startOrdinary(_ number: Int) {
        switch number % 10 {
        case 0: start { try? await Task.sleep(for: .seconds(86_400)) }
        case 1:
            start {
                Arrivals.expectOneMore()
                let inner = Task.detached {
                    Arrivals.arrive()
                    await park(number)
                }
                await inner.value
            }
        case 2 where number % 500 == 2:
            start {
                await withDiscardingTaskGroup { group in
                    for child in 0..<50 {
                        Arrivals.expectOneMore()
                        group.addTask {
                            Arrivals.arrive()
                            await park(number + child)
                        }
                    }
                }
            }
        case 3: start { await checked(number) }
        case 4: start { await deep(number, 5) }
        default: start { await park(number) }
        }
    }

    static func start(_ body: @escaping @Sendable () async -> Void) {
        Task.detached {
            Arrivals.arrive()
            await body()
            Held.touch()
        }
    }

    @inline(never)
    static func park(_ number: Int) async {
        await withUnsafeContinuation { Pending.put($0, number) }
        Held.touch()
    }

    @inline(never)
    static func checked(_ number: Int) async {
        await withCheckedContinuation { Pending.put($0, number) }
        Held.touch()
    }

    @inline(never)
    static func deep(_ number: Int, _ depth: Int) async {
        if depth == 0 { await park(number) } else { await deep(number, depth - 1) }
        Held.touch()
    }

    @inline(never)
    static func loseContinuation() async {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in Held.touch() }
        Held.touch()
    }
}

/// Somebody who has the continuations: in objects, by number.
enum Pending {
    final class Entry: Sendable {
        let unsafe: UnsafeContinuation<Void, Never>?
        let checked: CheckedContinuation<Void, Never>?
        init(_ continuation: UnsafeContinuation<Void, Never>) {
            (unsafe, checked) = (continuation, nil)
        }
        init(_ continuation: CheckedContinuation<Void, Never>) {
            (unsafe, checked) = (nil, continuation)
        }
    }

    private static let entries = Mutex<[Int: [Entry]]>([:])

    static func put(_ continuation: UnsafeContinuation<Void, Never>, _ number: Int) {
        let entry = Entry(continuation)
        entries.withLock { $0[number, default: []].append(entry) }
    }

    static func put(_ continuation: CheckedContinuation<Void, Never>, _ number: Int) {
        let entry = Entry(continuation)
        entries.withLock { $0[number, default: []].append(entry) }
    }
}

actor Desk {
    private var visits = 0

    @inline(never)
    func keep() {
        Arrivals.keep()
        while true { pause() }
    }

    func visit() { visits += 1 }
}

/// Which tasks have come, so that it can be told when all of them are at rest.
enum Arrivals {
    private static let tasks = Mutex<[TaskObject]>([])
    private static let more = Atomic<Int>(0)
    private static let kept = Atomic<Bool>(false)
    nonisolated(unsafe) private static var seen = 0

    static func keep() { kept.store(true, ordering: .releasing) }
    static var isKept: Bool { kept.load(ordering: .acquiring) }

    static func arrive() {
        let task = TaskObject.current()
        tasks.withLock { $0.append(task) }
    }

    static func expectOneMore() { more.add(1, ordering: .relaxed) }

    static var total: Int { tasks.withLock { $0.count } }

    /// Whether all have come and none runs; goes on where the last call found one that did.
    static func areAtRest(_ count: Int) -> Bool {
        let all = tasks.withLock { $0 }
        while seen < all.count, !all[seen].isRunning, all[seen].dependencyKind != nil { seen += 1 }
        return all.count == count + more.load(ordering: .relaxed) && seen == all.count
    }
}
