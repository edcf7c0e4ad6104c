import Dispatch
import Glibc
import Synchronization

/// What libdispatch has to wait for.
enum DispatchWaits {
    static let serial = DispatchQueue(label: "fixture.serial")
    static let busy = DispatchQueue(label: "fixture.busy \u{1b}[31m")
    static let concurrent = DispatchQueue(label: "fixture.concurrent", attributes: .concurrent)
    static let shared = DispatchQueue(label: "fixture.shared", attributes: .concurrent)
    static let suspended = DispatchQueue(label: "fixture.suspended")
    static let target = DispatchQueue(label: "fixture.target")
    static let inner = DispatchQueue(label: "fixture.inner", target: target)
    static let semaphore = DispatchSemaphore(value: 0)
    static let group = DispatchGroup()

    static func queue(_ queue: DispatchQueue) -> [(String, JSON)] {
        [("object", .address(address(queue))), ("label", .string(queue.label))]
    }

    /// Where libdispatch's own object lies, which the Swift one wraps: its first field.
    static func address(_ object: AnyObject) -> UInt {
        Unmanaged.passUnretained(object).toOpaque().load(fromByteOffset: 16, as: UInt.self)
    }

    static func start() {
        let owner = Holder.start("queue-inside") { hold in serial.sync { hold() } }
        Waiter("queue", "dispatchSync", queue(serial) + [("owner", .number(owner))]) {
            serial.sync { Held.touch() }
        }
        let worker = Holder.Shared(tid: Atomic(0))
        busy.async {
            worker.tid.store(Threads.current, ordering: .releasing)
            while true { pause() }
        }
        Waiter("queue-async", "dispatchSync", queue(busy) + [("owner", .number(worker.wait()))]) {
            busy.sync { Held.touch() }
        }
        let barrier = Holder.start("barrier-inside") { hold in
            concurrent.sync(flags: .barrier) { hold() }
        }
        Waiter("queue-barrier", "dispatchSync", queue(concurrent) + [("owner", .number(barrier))]) {
            concurrent.sync { Held.touch() }
        }
        _ = Holder.start("shared-inside") { hold in shared.sync { hold() } }
        Waiter("queue-shared", "dispatchSync", queue(shared)) {
            shared.sync(flags: .barrier) { Held.touch() }
        }
        suspended.suspend()
        Waiter("queue-suspended", "dispatchSync", queue(suspended)) {
            suspended.sync { Held.touch() }
        }
        let outer = Holder.start("target-inside") { hold in target.sync { hold() } }
        Waiter("queue-target", "dispatchSync", queue(target) + [("owner", .number(outer))]) {
            inner.sync { Held.touch() }
        }
        let object: [(String, JSON)] = [("object", .address(address(semaphore)))]
        Waiter("semaphore", "dispatchSemaphore", object) { semaphore.wait() }
        Waiter("semaphore-timed", "dispatchSemaphore", object + [("seconds", .number(86_400))]) {
            _ = semaphore.wait(timeout: .now() + .seconds(86_400))
        }
        group.enter()
        let members: [(String, JSON)] = [("object", .address(address(group)))]
        Waiter("group", "dispatchGroup", members) { group.wait() }
        Waiter("group-timed", "dispatchGroup", members + [("unknownTimeout", true)]) {
            _ = group.wait(timeout: .now() + .seconds(86_400))
        }
    }
}
