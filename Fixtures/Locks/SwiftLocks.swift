import Foundation
import Glibc
import Synchronization

/// Locks of the standard library and of Foundation.
enum SwiftLocks {
    static let mutex = Mutex<Int>(0)
    static let lock = NSLock()
    static let recursive = NSRecursiveLock()
    static let condition = NSCondition()

    /// A global that never comes about.
    static let slow: Int = {
        Kept.hold?()
        return 1
    }()

    enum Kept {
        nonisolated(unsafe) static var hold: (() -> Void)?
    }

    static func start() {
        let owner = Holder.start("ns-holder") { _ in
            lock.lock()
            recursive.lock()
            recursive.lock()
        }
        Waiter("ns-lock", "lock", [("owner", .number(owner))]) { lock.lock() }
        Waiter("ns-recursive", "recursiveLock", [("owner", .number(owner))]) { recursive.lock() }
        Waiter("ns-condition", "condition") {
            condition.lock()
            condition.wait()
        }
        let inside = Holder.start("mutex-inside") { hold in mutex.withLock { _ in hold() } }
        Waiter("swift-mutex", "swiftMutex", [("owner", .number(inside))]) {
            mutex.withLock { $0 += 1 }
        }
        let first = Holder.start("once-inside") { hold in
            withoutActuallyEscaping(hold) {
                Kept.hold = $0
                Held.touch()
                _ = slow
            }
        }
        Waiter("once-swift", "once", [("owner", .number(first))]) { _ = slow }
    }
}
