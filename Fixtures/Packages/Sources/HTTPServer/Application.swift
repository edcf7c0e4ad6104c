import Dispatch
import Glibc
import Synchronization

/// How many requests have been answered.
enum Progress {
    private static let count = Atomic<Int>(0)
    static func turn() { count.add(1, ordering: .relaxed) }
    static var requests: Int { count.load(ordering: .relaxed) }
}

/// What the server does for its clients.
final class Application: Sendable {
    private let cache = Cache()
    private let database = Database(connections: 4)
    private let hits = Mutex<[String: Int]>([:])
    private let journal = AsyncStream.makeStream(of: String.self)

    func answer(_ path: String) async -> String {
        hits.withLock { $0[path, default: 0] += 1 }
        journal.continuation.yield(path)
        switch path {
        case "/cached": return await cache.value(for: path, database)
        case "/query": return await database.query(1)
        case "/report": return await report()
        case "/race": return await race()
        default: return "hello"
        }
    }

    /// Several queries at once, in both ways to say so.
    private func report() async -> String {
        async let first = database.query(2)
        async let second = database.query(3)
        let rows = await withTaskGroup(of: String.self) { group in
            for number in 0..<4 { group.addTask { await self.database.query(number) } }
            return await group.reduce(into: 0) { $0 += $1.utf8.count }
        }
        return await first + second + "\(rows)"
    }

    /// The answer, or a time-out that is cancelled.
    private func race() async -> String {
        await withTaskGroup(of: String?.self) { group in
            group.addTask { await self.database.query(4) }
            group.addTask {
                try? await Task.sleep(for: .seconds(3))
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return (first ?? nil) ?? "late"
        }
    }

    /// What goes on beside the requests: one reads the journal, one empties the cache.
    func keepHouse() async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await path in self.journal.stream { Self.consume(path) } }
            group.addTask {
                while (try? await Task.sleep(for: .milliseconds(20))) != nil {
                    await self.cache.empty()
                }
            }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(3600))) != nil {}
            }
        }
    }

    @inline(never) private static func consume(_ path: String) {}
}

/// Remembers answers; who asks while another one fetches waits for that one's task.
actor Cache {
    private var values: [String: Task<String, Never>] = [:]

    func value(for key: String, _ database: Database) async -> String {
        if let task = values[key] { return await task.value }
        let task = Task { await database.query(key.utf8.count) }
        values[key] = task
        return await task.value
    }

    func empty() { values = [:] }
}

/// A driver that blocks, as many do: a few threads of its own, a few connections, a semaphore.
final class Database: Sendable {
    private let free: DispatchSemaphore
    private let threads = DispatchQueue(label: "database", attributes: .concurrent)
    private let statistics = Mutex(0)

    init(connections: Int) { free = DispatchSemaphore(value: connections) }

    func query(_ number: Int) async -> String {
        await withCheckedContinuation { continuation in
            threads.async {
                self.free.wait()
                usleep(UInt32(300 + number * 200))
                self.statistics.withLock { $0 += 1 }
                self.free.signal()
                continuation.resume(returning: "row \(number)")
            }
        }
    }
}
