import Dispatch
import Glibc
import Synchronization

/// A healthy process that is never at rest: short tasks of every kind, all the time.
@main
enum Storm {
    static func main() async {
        Fixture.bound()
        let squalls: [@Sendable () async -> Void] = [
            groups, asyncLets, detachedOnes, continuations, hops, cancelled, failing, locked,
            streams, unstructured, timeouts, mainVisits,
        ]
        for squall in squalls {
            for _ in 0..<2 {
                Task.detached {
                    while true {
                        await squall()
                        Progress.turn()
                    }
                }
            }
        }
        Threads.start("control") {
            while Progress.rounds < 1000 { usleep(1000) }
            Fixture.emit(["healthy": true])
            Fixture.converse(commands: ["rounds": { _ in ["rounds": .number(Progress.rounds)] }])
        }
        await withUnsafeContinuation { Held.hold($0) }
    }

    /// Groups in groups.
    static func groups() async {
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask {
                    await withDiscardingTaskGroup { inner in
                        for _ in 0..<3 { inner.addTask { await Task.yield() } }
                    }
                    return number
                }
            }
            return await group.reduce(0, +)
        }
        precondition(sum == 190)
    }

    static func asyncLets() async {
        async let one = compute(1)
        async let two = compute(2)
        async let three = compute(3)
        let sum = await one + two + three
        precondition(sum == 6)
    }

    static func compute(_ number: Int) async -> Int {
        await Task.yield()
        return number
    }

    static func detachedOnes() async {
        let tasks = (0..<10).map { number in Task.detached { await compute(number) } }
        for (number, task) in tasks.enumerated() {
            let value = await task.value
            precondition(value == number)
        }
    }

    /// Resumed at once, from another thread, from a timer, unsafe and checked.
    static func continuations() async {
        await withUnsafeContinuation { $0.resume() }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume() }
        }
        await withUnsafeContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(2)) {
                continuation.resume()
            }
        }
        let mailbox = Mailbox.shared
        await withUnsafeContinuation { mailbox.put($0) }
    }

    static func hops() async {
        let (one, other) = (Post.one, Post.other)
        for _ in 0..<20 { await one.pass(to: other) }
    }

    /// Cancelled while they sleep, while they wait with a handler, and before they begin.
    static func cancelled() async {
        // The runtime keeps the timer until the sleep would have ended: so it must not be long.
        let sleeper = Task { try await Task.sleep(for: .seconds(1)) }
        let waiter = Task {
            let box = Slot()
            await withTaskCancellationHandler {
                await withUnsafeContinuation { box.put($0) }
            } onCancel: {
                box.release()
            }
        }
        await Task.yield()
        sleeper.cancel()
        waiter.cancel()
        _ = await sleeper.result
        await waiter.value
        let early = Task { await compute(1) }
        early.cancel()
        _ = await early.value
    }

    struct Refused: Error {}

    /// Errors that somebody reads.
    static func failing() async {
        let task = Task { () throws -> Int in
            await Task.yield()
            throw Refused()
        }
        do {
            _ = try await task.value
            preconditionFailure()
        } catch {}
        _ = try? await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                group.addTask { if number == 7 { throw Refused() } else { await Task.yield() } }
            }
            try await group.waitForAll()
        }
    }

    private static let ledger = Mutex(0)

    /// Locks that many want and nobody keeps, two of them in one order.
    static func locked() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<50 { ledger.withLock { $0 &+= 1 } }
                    Mailbox.shared.count()
                }
            }
        }
    }

    static func streams() async {
        let (numbers, producer) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .unbounded)
        async let sum = numbers.reduce(0, +)
        Task.detached {
            for number in 0..<20 {
                producer.yield(number)
                if number % 5 == 0 { await Task.yield() }
            }
            producer.finish()
        }
        let total = await sum
        precondition(total == 190)
    }

    /// Nobody waits for them, but for the last.
    static func unstructured() async {
        for _ in 0..<10 { Task { await Post.one.receive() } }
        let last = Task { await Post.one.receive() }
        await last.value
    }

    /// A race between work and a timeout, of which one is cancelled.
    static func timeouts() async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await Task.sleep(for: .seconds(1))) == nil }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(3))
                return true
            }
            _ = await group.next()
            group.cancelAll()
        }
    }

    static func mainVisits() async {
        for _ in 0..<5 { await MainActor.run { Held.touch() } }
    }
}

/// How often anything has come round.
enum Progress {
    private static let count = Atomic<Int>(0)
    static func turn() { count.add(1, ordering: .relaxed) }
    static var rounds: Int { count.load(ordering: .relaxed) }
}

actor Post {
    static let one = Post()
    static let other = Post()
    private var letters = 0

    func pass(to other: Post) async {
        letters += 1
        await other.receive()
        letters -= 1
    }

    func receive() { letters &+= 1 }
}

/// A thread that resumes what it is given, in batches, under a lock and a condition.
final class Mailbox: @unchecked Sendable {
    static let shared = Mailbox()
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [UnsafeContinuation<Void, Never>] = []
    private var counted = 0

    private init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        Threads.start("mailbox") { while true { self.deliver() } }
    }

    func put(_ continuation: UnsafeContinuation<Void, Never>) {
        pthread_mutex_lock(mutex)
        waiting.append(continuation)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func count() {
        pthread_mutex_lock(mutex)
        counted &+= 1
        pthread_mutex_unlock(mutex)
    }

    private func deliver() {
        pthread_mutex_lock(mutex)
        while waiting.isEmpty { pthread_cond_wait(condition, mutex) }
        usleep(200)
        let batch = waiting
        waiting = []
        pthread_mutex_unlock(mutex)
        for continuation in batch { continuation.resume() }
    }
}

/// A continuation that is put in and let go from two sides.
final class Slot: Sendable {
    private enum State {
        case empty
        case waiting(UnsafeContinuation<Void, Never>)
        case released
    }

    private let state = Mutex(State.empty)

    func put(_ continuation: UnsafeContinuation<Void, Never>) {
        let isReleased = state.withLock { state in
            if case .released = state { return true }
            state = .waiting(continuation)
            return false
        }
        if isReleased { continuation.resume() }
    }

    func release() {
        let waiting: UnsafeContinuation<Void, Never>? = state.withLock { state in
            defer { state = .released }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume()
    }
}
