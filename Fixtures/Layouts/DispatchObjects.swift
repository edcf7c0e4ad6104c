import Dispatch
import Glibc

@_silgen_name("dispatch_async_f")
private func dispatchAsync(
    _ queue: UInt, _ context: UInt, _ function: @convention(c) (UInt) -> Void)

/// Queues of libdispatch, one that stands still and one that is busy.
enum DispatchObjects {
    private static let function: @convention(c) (UInt) -> Void = { _ in }

    static func say() {
        let target = DispatchQueue(label: "layouts.target")
        let queue = DispatchQueue(label: "layouts.queue", target: target)
        queue.suspend()
        let place = address(of: queue)
        dispatchAsync(place, 0x1111, function)
        dispatchAsync(place, 0x2222, function)
        Claims.say("label of queue", of: place, is: "layouts.queue")
        Claims.say("queue.target", in: place, is: address(of: target))
        Claims.say(
            "item.function", in: place, through: ["queue.head"],
            is: unsafeBitCast(function, to: UInt.self))
        Claims.say("item.context", in: place, through: ["queue.head"], is: 0x1111)
        Claims.say(
            "item.context", in: place, through: ["queue.head", "item.next"], is: 0x2222)
        Claims.say("item.context", in: place, through: ["queue.tail"], is: 0x2222)
        Claims.say("items of queue", of: place, is: "2")
        Claims.say("queue.serialNumber", in: address(of: .main), is: 1)
        Claims.say("label of queue", of: address(of: .main), is: "com.apple.main-thread")
        Claims.say("is main queue", of: address(of: .main), is: "true")

        let busy = DispatchQueue(label: "layouts.busy")
        busy.async {
            Claims.note("busy", UInt(Threads.current))
            while true { pause() }
        }
        Claims.say(
            "queue.state", in: address(of: busy), is: Claims.wait(for: "busy"), mask: 0x3fff_ffff)
        let sleeper = Task.detached { try await Task.sleep(for: .seconds(100_000)) }
        Claims.say("hours until it wakes", of: TaskObject.of(sleeper).address, is: "27")
        _ = Unmanaged.passRetained(Kept((target, queue, busy, sleeper)))
    }

    /// The library's own object, which is the one field of Swift's.
    private static func address(of queue: DispatchQueue) -> UInt {
        guard let object = UnsafePointer<UInt>(bitPattern: unsafeBitCast(queue, to: UInt.self))
        else { return 0 }
        return object[2]
    }
}
