import Dispatch
import Glibc

/// One of each structure that the tool reads, at rest, and what is known to stand in it:
/// `scripts/check-layouts` compares it with the layouts.
@main
enum Layouts {
    static func main() async {
        Fixture.bound()
        waitsInContinuation()
        waitsForTask()
        fails()
        hasGroup()
        hasAsyncLet()
        hasHandler()
        prefersExecutor()
        waitInStreams()
        queuesForActor()
        Objects.say()
        Library.say()
        DispatchObjects.say()
        let me = TaskObject.current()
        Claims.say("job.identifier", in: me.address, is: UInt(me.id), bits: 32)
        Claims.say("state", of: me.address, is: "running")
        Claims.lines.forEach(Fixture.emit)
        Fixture.converse()
    }

    // MARK: Tasks

    static func waitsInContinuation() {
        Task.detached(priority: .utility) {
            let me = TaskObject.current()
            Claims.say("job.identifier", in: me.address, is: UInt(me.id) & 0xffff_ffff, bits: 32)
            Claims.say("task.identifierHigh", in: me.address, is: UInt(me.id) >> 32, bits: 32)
            Claims.say("task.basePriority", in: me.address, is: 0x11, bits: 8)
            // A future, of this priority; it waits for something and does nothing else.
            Claims.say(
                "job.flags", in: me.address, is: 0x0200_1100, bits: 32, mask: 0x1f00_ffff)
            Claims.say("task.status", in: me.address, is: 0x4011, bits: 32, mask: 0x7fff)
            Claims.say(
                "record.dependencyKind", in: me.address, through: ["task.dependency"], is: 2,
                bits: 32)
            Claims.say(
                "record.dependencyTask", in: me.address, through: ["task.dependency"],
                is: me.address)
            Claims.say(
                "record.dependencyKind", in: me.address, through: ["task.records", "kind 0"], is: 2,
                bits: 32)
            Claims.say("state", of: me.address, is: "suspended")
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let canary = unsafeBitCast(continuation, to: UInt.self)
                Claims.say("canary.task", in: canary, is: me.address)
                Claims.say("string at canary.function", of: canary, is: #function)
                Claims.say("size of block", of: canary, is: "40")
                Forever.hold(continuation)
                Claims.note("in continuation", me.address)
            }
        }
        _ = Claims.wait(for: "in continuation")
    }

    static func waitsForTask() {
        let awaited = Task.detached { () async -> Int in
            await Forever.rest()
            return 1
        }
        let waiter = Task.detached { await awaited.value }
        let (first, second) = (TaskObject.of(awaited).address, TaskObject.of(waiter).address)
        Claims.say(
            "record.dependencyKind", in: second, through: ["task.dependency"], is: 1, bits: 32)
        Claims.say("record.dependent", in: second, through: ["task.dependency"], is: first)
        Claims.say("future.waitQueue", in: first, is: second)
        Claims.say("future.resultType", in: first, is: Objects.address(of: Int.self))
    }

    struct Failure: Error {
        let number: UInt = 0x1122_3344_5566
    }

    static func fails() {
        let error: any Error = Failure()
        let task = Task.detached { () async throws -> Int in throw error }
        let box = [error].withUnsafeBytes { $0.load(as: UInt.self) }
        let address = TaskObject.of(task).address
        Claims.say("future.error", in: address, is: box)
        Claims.say("future.waitQueue", in: address, is: 2, mask: 3)
        Claims.say("error.type", in: box, is: Objects.address(of: Failure.self))
        Claims.say("error.value", in: box, is: Failure().number)
        Claims.say("state", of: address, is: "completed")
        // Both stay: the handle, and what was thrown.
        _ = Forever.keep(error as AnyObject)
        _ = Unmanaged.passRetained(Kept((task, error)))
    }

    static func hasGroup() {
        Task.detached {
            let owner = TaskObject.current().address
            await withTaskGroup(of: Void.self) { group in
                let address = unsafeBitCast(group, to: UInt.self)
                var children: [UInt] = []
                for name in ["first", "second"] {
                    group.addTask {
                        Claims.note(name, TaskObject.current().address)
                        await Forever.rest()
                    }
                    children.append(Claims.wait(for: name))
                }
                Claims.say("child.parent", in: children[0], is: owner)
                Claims.say("child.next", in: children[0], is: children[1])
                Claims.say("child.next", in: children[1], is: 0)
                Claims.say("groupChild.group", in: children[0], is: address)
                Claims.say("group.firstChild", in: address, is: children[0])
                Claims.say("group.lastChild", in: address, is: children[1])
                // Two are pending, and somebody waits.
                Claims.say("group.status", in: address, is: 2 | 1 << 62)
                Claims.say("record.dependent", in: owner, through: ["task.dependency"], is: address)
                Claims.say(
                    "record.dependencyKind", in: owner, through: ["task.dependency"], is: 3,
                    bits: 32)
                Claims.say(
                    "record.firstChild", in: owner, through: ["task.records", "kind 2"],
                    is: children[0])
                Claims.note("group", address)
                await group.waitForAll()
            }
        }
        _ = Claims.wait(for: "group")
    }

    static func hasAsyncLet() {
        Task.detached {
            let owner = TaskObject.current().address
            async let rest: Void = {
                Claims.note("async let", TaskObject.current().address)
                await Forever.rest()
            }()
            Claims.note("its owner", owner)
            await rest
        }
        let (child, owner) = (Claims.wait(for: "async let"), Claims.wait(for: "its owner"))
        Claims.say("child.parent", in: child, is: owner)
        Claims.say(
            "record.firstChild", in: owner, through: ["task.records", "kind 1"], is: child)
        Claims.say("object.references", in: child, is: 0x8000_0004_ffff_ffff)
    }

    static func hasHandler() {
        Task.detached {
            await withTaskCancellationHandler {
                Claims.note("handler", TaskObject.current().address)
                await Forever.rest()
            } onCancel: {
            }
        }
        let task = Claims.wait(for: "handler")
        Claims.say("record.flags", in: task, through: ["task.records", "kind 3"], is: 3, bits: 8)
    }

    static func prefersExecutor() {
        let executor = ThreadExecutor("preferred", asTask: true)
        Task.detached(executorPreference: executor) {
            Claims.note("preference", TaskObject.current().address)
            await Forever.rest()
        }
        let task = Claims.wait(for: "preference")
        Claims.say(
            "record.executor", in: task, through: ["task.records", "kind 5"],
            is: Forever.keep(executor))
    }

    static func waitInStreams() {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        let (throwing, other) = AsyncThrowingStream.makeStream(of: Int.self)
        let first = Task.detached { for await _ in stream {} }
        let second = Task.detached { for try await _ in throwing {} }
        let storage = unsafeBitCast(continuation, to: UInt.self)
        Claims.say("array.count", in: storage, through: ["stream.waiters"], is: 1)
        Claims.say(
            "array.elements", in: storage, through: ["stream.waiters"],
            is: TaskObject.of(first).address)
        Claims.say(
            "stream.waiters", in: unsafeBitCast(other, to: UInt.self),
            is: TaskObject.of(second).address)
        Claims.say("wait", of: TaskObject.of(first).address, is: "stream")
        _ = Unmanaged.passRetained(Kept((continuation, other, first, second)))
    }

    // MARK: Actors

    actor Place {
        func hold(_ name: String, _ gate: DispatchSemaphore) {
            Claims.note(name, UInt(Threads.current))
            gate.wait()
        }
    }

    /// One task is on the actor for ever, two others were sorted when it came, one came later.
    static func queuesForActor() {
        let (place, first, second) = (
            Place(), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        let executor = ThreadExecutor("on actor", asTask: true)
        Task.detached(executorPreference: executor) { await place.hold("on actor", first) }
        _ = Claims.wait(for: "on actor")
        let tasks = (0..<3).map { _ in Task.detached { await place.hold("sorted", second) } }
        let addresses = tasks.map { TaskObject.of($0).address }
        // Nobody can tell when a task has come to the actor, without looking into it.
        usleep(300_000)
        first.signal()
        let thread = Claims.wait(for: "sorted")
        let last = TaskObject.of(Task.detached { await place.hold("never", second) }).address
        let actor = unsafeBitCast(place, to: UInt.self)
        Claims.say("actor.flags", in: actor, is: 2, bits: 32, mask: 7)
        Claims.say("actor.isRemote", in: actor, is: 0, bits: 8)
        Claims.say("actor.incoming", in: actor, is: last)
        say("actor.sorted", in: actor, anyOf: addresses)
        say("job.link", in: actor, through: ["actor.sorted"], anyOf: addresses)
        Claims.say("record.dependent", in: last, through: ["task.dependency"], is: actor)
        Claims.say(
            "record.dependencyKind", in: last, through: ["task.dependency"], is: 4, bits: 32)
        Claims.say("job.resume is code", of: last, is: "true")
        Claims.say("thread on actor", of: actor, is: String(thread))
        Claims.say("jobs of actor", of: actor, is: "3")
        Claims.say("type", of: actor, is: "Layouts.Place")
        _ = Unmanaged.passRetained(Kept((place, tasks)))
    }

    private static func say(
        _ name: String, in object: UInt, through steps: [String] = [], anyOf values: [UInt]
    ) {
        Claims.say(
            name, in: object, through: steps, is: values[0], values[1], values[2])
    }
}

/// Keeps a value.
final class Kept<Value> {
    let value: Value
    init(_ value: Value) { self.value = value }
}
