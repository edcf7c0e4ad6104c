import Dispatch
import Glibc
import HiddenPlaces
import Synchronization

/// `Hidden PLACE`: a task waits in a continuation that is in one place only, out of sight. `resume`
/// gets it from there and resumes it, so that it was held all the time. Without such a place on this
/// system there is no task, and it says so.
@main
enum Hidden {
    typealias Bare = UnsafeContinuation<Void, Never>

    static func main() async {
        let place = CommandLine.arguments.dropFirst().first ?? "packed"
        guard place != "rotation" else { return await rotate() }
        guard place != "aged" else { return await growOld() }
        Task(name: "waiting") {
            let me = Witness.enter("waiting")
            me.rests(.continuation)
            await withUnsafeContinuation { (continuation: Bare) in
                isThere.store(put(continuation, into: place), ordering: .sequentiallyConsistent)
            }
            hasResumed.store(true, ordering: .sequentiallyConsistent)
        }
        Fixture.serve(
            tasks: 2, helpers: nil,
            facts: { [["hidden": .bool(isThere.load(ordering: .sequentiallyConsistent))]] },
            commands: ["resume": { _ in ["resumed": .bool(resume(place))] }])
        let me = Witness.enter("main")
        me.rests(.sleep)
        try? await Task.sleep(for: .seconds(86_400))
    }

    static let isThere = Atomic<Bool>(false)
    static let hasResumed = Atomic<Bool>(false)

    @inline(never)
    static func put(_ continuation: Bare, into place: String) -> Bool {
        let word = UInt64(UInt(bitPattern: unsafeBitCast(continuation, to: Int.self)))
        return hidden_put(place, word)
    }

    /// Whether the task went on.
    static func resume(_ place: String) -> Bool {
        if place == "queue" {
            hidden_open_queue()
        } else {
            unsafeBitCast(Int(truncatingIfNeeded: hidden_take(place)), to: Bare.self).resume()
        }
        for _ in 0..<5000 where !hasResumed.load(ordering: .sequentiallyConsistent) { usleep(1000) }
        return hasResumed.load(ordering: .sequentiallyConsistent)
    }

    // MARK: Held ones that move about

    static let inbox = Mutex<[Bare]>([])

    /// A thread turns an array of continuations round and round: for moments one of them is in a
    /// register alone.
    static func rotate() async {
        for _ in 0..<64 {
            Task.detached {
                await withUnsafeContinuation { one in inbox.withLock { $0.append(one) } }
            }
        }
        Threads.start("keeper") {
            var held: [Bare] = []
            while true {
                held += inbox.withLock { new in
                    defer { new = [] }
                    return new
                }
                for _ in 0..<100_000 where held.count > 1 { held.append(held.removeFirst()) }
                if held.count < 64 { usleep(1000) }
            }
        }
        Fixture.serve(tasks: 1, unwitnessed: 64, helpers: nil)
        let me = Witness.enter("main")
        me.rests(.sleep)
        try? await Task.sleep(for: .seconds(86_400))
    }

    // MARK: Lost ones that are looked at late

    static let kept = Mutex<Bare?>(nil)
    static let byName = Mutex<[String: CheckedContinuation<Void, Never>]>([:])

    /// Work for the pool, and then three lost continuations and two held ones. The pool's threads
    /// end after some seconds with nothing to do, and leave on their stacks what was there last.
    static func growOld() async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { try? await Task.sleep(for: .milliseconds(1 + number % 10)) }
            }
        }
        wait("lost", "unsafe") { await withUnsafeContinuation { (_: Bare) in Held.touch() } }
        wait("lost", "checked") {
            await withCheckedContinuation { (_: CheckedContinuation<Void, Never>) in Held.touch() }
        }
        wait("held", "global") {
            await withUnsafeContinuation { one in kept.withLock { $0 = one } }
        }
        wait("lost", "overwritten") { await enter() }
        while !isEntered.load(ordering: .sequentiallyConsistent) {
            try? await Task.sleep(for: .milliseconds(1))
        }
        wait("held", "in a dictionary") { await enter() }
        Fixture.serve(tasks: 6, helpers: nil)
        let me = Witness.enter("main")
        me.rests(.sleep)
        try? await Task.sleep(for: .seconds(86_400))
    }

    static let isEntered = Atomic<Bool>(false)

    @inline(never)
    static func enter() async {
        await withCheckedContinuation { continuation in
            byName.withLock { $0["one"] = continuation }
            isEntered.store(true, ordering: .sequentiallyConsistent)
        }
    }

    static func wait(
        _ kind: String, _ name: String, _ body: @escaping @Sendable () async -> Void
    ) {
        Task(name: name) {
            let me = Witness.enter(name)
            me.rests(.continuation, also: [kind: true])
            await body()
            Held.touch()
        }
    }
}
