import Glibc
import Synchronization

/// A process that is healthy until it is told `hang`: then two threads take two locks in opposite
/// order. It answers when each of them waits for the other's.
@main
enum HangsLater {
    private static let taken = Atomic<Int>(0)

    static func main() {
        Fixture.bound()
        Fixture.emit(["tasks": 0])
        Fixture.converse(commands: [
            "hang": { _ in
                let first = Lock()
                let second = Lock()
                let threads = [(first, second), (second, first)].enumerated().map { number, locks in
                    let thread = ThreadNumber()
                    Threads.start("swapper-\(number)") {
                        locks.0.lock()
                        thread.value.store(Threads.current, ordering: .releasing)
                        taken.add(1, ordering: .sequentiallyConsistent)
                        while taken.load(ordering: .sequentiallyConsistent) < 2 { sched_yield() }
                        locks.1.lock()
                    }
                    return thread
                }
                // 202 is futex(2) on x86-64.
                for thread in threads {
                    while Threads.systemCall(of: thread.value.load(ordering: .acquiring)) != 202 {
                        usleep(1_000)
                    }
                }
                return [
                    "hangs": .array(
                        threads.map { .number($0.value.load(ordering: .relaxed)) })
                ]
            }
        ])
    }
}

/// A `pthread_mutex_t` that is never given back.
private final class Lock: Sendable {
    private let address: UInt

    init() {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        address = UInt(bitPattern: mutex)
    }

    func lock() {
        _ = UnsafeMutablePointer<pthread_mutex_t>(bitPattern: address).map {
            pthread_mutex_lock($0)
        }
    }
}

/// A thread id that its thread makes known.
private final class ThreadNumber: Sendable {
    let value = Atomic<Int>(0)
}
