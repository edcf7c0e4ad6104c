import AsyncAlgorithms
import Dispatch
import Glibc
import Synchronization

/// A healthy pipeline: sequences that are made, merged, cut into pieces, delayed, and consumed.
@main
enum Pipeline {
    static func main() async {
        Fixture.bound()
        Threads.start("control") {
            while Progress.rounds < 500 { usleep(1000) }
            Fixture.emit(["healthy": true])
            Fixture.converse(commands: ["rounds": { _ in ["rounds": .number(Progress.rounds)] }])
        }
        await withDiscardingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask { await forever(merging) }
                group.addTask { await forever(channels) }
                group.addTask { await forever(chunks) }
                group.addTask { await forever(throwing) }
                group.addTask { await forever(zipping) }
                group.addTask { await forever(abandoning) }
            }
            group.addTask { await ticking() }
            group.addTask { await broadcast() }
        }
    }

    static func forever(_ stage: @Sendable () async -> Void) async {
        while true {
            await stage()
            Progress.turn()
        }
    }

    /// Numbers from a thread that takes its time.
    static func numbers(_ count: Int) -> AsyncStream<Int> {
        AsyncStream { producer in
            DispatchQueue.global().async {
                for number in 0..<count {
                    producer.yield(number)
                    if number % 10 == 0 { usleep(200) }
                }
                producer.finish()
            }
        }
    }

    static func merging() async {
        var sum = 0
        for await number in merge(numbers(50), numbers(50), numbers(50)).map({ $0 * 2 }) {
            sum += number
        }
        precondition(sum == 3 * 2 * 1225)
    }

    /// Each value waits until somebody takes it.
    static func channels() async {
        let channel = AsyncChannel<Int>()
        async let received = channel.reduce(0, +)
        await withDiscardingTaskGroup { group in
            for sender in 0..<4 {
                group.addTask { for number in 0..<10 { await channel.send(sender * number) } }
            }
        }
        channel.finish()
        let sum = await received
        precondition(sum == 45 * 6)
    }

    static func chunks() async {
        let pieces = numbers(60).chunks(ofCount: 7).buffer(policy: .bounded(3))
        var count = 0
        for await piece in pieces { count += piece.count }
        precondition(count == 60)
    }

    struct Broken: Error {}

    static func throwing() async {
        let stream = AsyncThrowingStream<Int, any Error> { producer in
            let work = Task {
                for number in 0..<20 {
                    producer.yield(number)
                    await Task.yield()
                }
                producer.finish(throwing: Broken())
            }
            producer.onTermination = { _ in work.cancel() }
        }
        do {
            for try await _ in stream.filter({ $0 % 2 == 0 }) {}
            preconditionFailure()
        } catch {}
    }

    static func zipping() async {
        var count = 0
        for await (left, right) in zip(numbers(20), numbers(30)) where left == right { count += 1 }
        precondition(count == 20)
    }

    /// A consumer that goes away in the middle.
    static func abandoning() async {
        let consumer = Task {
            for await number in merge(numbers(100), numbers(100)) where number == 30 { break }
        }
        try? await Task.sleep(for: .milliseconds(1))
        consumer.cancel()
        await consumer.value
    }

    static func ticking() async {
        for await _ in AsyncTimerSequence(interval: .milliseconds(5), clock: .continuous) {
            Progress.turn()
        }
    }

    /// One source, many readers, each through a stage that waits for silence.
    static func broadcast() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<3 {
                let (stream, producer) = AsyncStream.makeStream(
                    of: Int.self, bufferingPolicy: .bufferingNewest(10))
                group.addTask {
                    while true {
                        producer.yield(1)
                        try? await Task.sleep(for: .milliseconds(3))
                    }
                }
                group.addTask {
                    for await _ in stream.debounce(for: .milliseconds(1)) { Progress.turn() }
                }
            }
        }
    }
}

/// How often anything has come round.
enum Progress {
    private static let count = Atomic<Int>(0)
    static func turn() { count.add(1, ordering: .relaxed) }
    static var rounds: Int { count.load(ordering: .relaxed) }
}
