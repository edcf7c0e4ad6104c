import Glibc
import Synchronization

/// Suspended tasks without number (the argument, 1,000 by default; a million is fine), with four
/// distinct stacks between them.
@main
enum Many {
    static func main() async {
        let count = Fixture.argument(1, default: 1000)
        Kept.addresses = .allocate(capacity: max(count, 1))
        Fixture.serve(
            tasks: 1, unwitnessed: count, settled: { Kept.allSuspended(count) },
            facts: { facts(count) })
        let me = Witness.enter()
        start(count)
        me.rests(.continuation, in: "static Many.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    static func start(_ count: Int) {
        for number in 0..<count {
            Task.detached {
                switch number % 4 {
                case 0: await first(number)
                case 1: await second(number)
                case 2: await third(number)
                default: await park(number)
                }
                Held.touch()
            }
        }
    }

    @inline(never)
    static func first(_ number: Int) async {
        await park(number)
        Held.touch()
    }

    @inline(never)
    static func second(_ number: Int) async {
        await first(number)
        Held.touch()
    }

    @inline(never)
    static func third(_ number: Int) async {
        await second(number)
        Held.touch()
    }

    @inline(never)
    static func park(_ number: Int) async {
        Kept.arrive(number)
        // The task itself keeps the continuation's only copy; nobody resumes it.
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in Held.touch() }
        Held.touch()
    }

    /// How many tasks have which stack.
    static func facts(_ count: Int) -> [JSON] {
        let names: [[JSON]] = [
            ["static Many.park(_:)", "static Many.first(_:)"],
            ["static Many.park(_:)", "static Many.first(_:)", "static Many.second(_:)"],
            [
                "static Many.park(_:)", "static Many.first(_:)", "static Many.second(_:)",
                "static Many.third(_:)",
            ],
            ["static Many.park(_:)"],
        ]
        return names.enumerated().map { index, stack in
            let sharing = (count + 3 - index) / 4
            return [
                "tasksSharing": [
                    "stack": .array(stack + ["closure #1 in static Many.start(_:)"]),
                    "count": .number(sharing),
                ]
            ]
        }
    }
}

enum Kept {
    nonisolated(unsafe) static var addresses: UnsafeMutablePointer<TaskObject?> = .allocate(
        capacity: 0)
    private static let arrived = Atomic<Int>(0)
    nonisolated(unsafe) private static var seen = 0

    /// Notes that the current task is about to suspend.
    @inline(never)
    static func arrive(_ number: Int) {
        addresses[number] = TaskObject.current()
        arrived.add(1, ordering: .releasing)
    }

    /// Whether every task has suspended; goes on where the last call found one that had not.
    static func allSuspended(_ count: Int) -> Bool {
        guard arrived.load(ordering: .acquiring) == count else { return false }
        while seen < count, let task = addresses[seen], task.isSuspended { seen += 1 }
        return seen == count
    }
}
