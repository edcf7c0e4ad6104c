import Glibc

/// How tasks are made and how they belong together: groups, `async let`, unstructured, detached
/// and immediate tasks, cancelled ones, finished ones and ones that never began.
@main
enum Structure {
    static func main() async {
        Fixture.serve(tasks: 21)
        let me = Witness.enter()
        startGroups()
        startAsyncLet()
        startUnstructured()
        await finished()
        await queueBehindBusyActor()
        me.rests(.continuation, in: "static Structure.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    /// Waits for ever.
    @inline(never)
    static func park(_ me: Witness) async {
        me.rests(.continuation, in: "static Structure.park(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }

    // MARK: Groups: each parent waits for two children. 9 tasks.

    static func startGroups() {
        Task(name: "group") {
            let me = Witness.enter("group")
            await withTaskGroup(of: Void.self) { group in
                for number in 1...2 {
                    group.addTask(name: "child-\(number)") {
                        let child = Witness.enter("child-\(number)", parent: me, group: true)
                        child.calls(
                            in: "closure #1 in closure #1 in closure #1 in "
                                + "static Structure.startGroups()")
                        await park(child)
                    }
                }
                me.rests(.group, in: "closure #1 in closure #1 in static Structure.startGroups()")
                await group.waitForAll()
            }
            Held.touch()
        }
        Task(name: "throwing-group") {
            let me = Witness.enter("throwing-group")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...2 {
                    group.addTask {
                        let child = Witness.enter(
                            parent: me, group: true,
                            also: [
                                "number": .number(number)
                            ])
                        await park(child)
                        throw Refused()
                    }
                }
                me.rests(.group, in: "closure #1 in closure #2 in static Structure.startGroups()")
                try await group.next()
            }
            Held.touch()
        }
        Task(name: "discarding-group") {
            let me = Witness.enter("discarding-group")
            await withDiscardingTaskGroup { group in
                for number in 1...2 {
                    group.addTask {
                        let child = Witness.enter(
                            parent: me, group: true,
                            also: [
                                "number": .number(number)
                            ])
                        await park(child)
                        Held.touch()
                    }
                }
                me.rests(.group, in: "closure #3 in static Structure.startGroups()")
            }
            Held.touch()
        }
    }

    // MARK: async let: a parent, two children. 3 tasks.

    static func startAsyncLet() {
        Task(name: "async-let") {
            let me = Witness.enter("async-let")
            async let left = half(me, "left")
            async let right = half(me, "right")
            me.rests(
                .task, in: "closure #1 in static Structure.startAsyncLet()", line: #line + 1)
            let sum = await left + right
            Held.touch()
            return sum
        }
    }

    @inline(never)
    static func half(_ parent: Witness, _ side: String) async -> Int {
        let me = Witness.enter(parent: parent, asyncLet: true, also: ["side": .string(side)])
        me.rests(.continuation, in: "static Structure.half(_:_:)")
        await withUnsafeContinuation { Held.hold($0) }
        return Int(getpid())
    }

    // MARK: Unstructured, detached, immediate, cancelled, with priorities. 4 tasks.

    static func startUnstructured() {
        Task(name: "high", priority: .high) {
            await park(Witness.enter("high", priority: "high"))
            Held.touch()
        }
        Task.detached(name: "detached", priority: .background) {
            await park(Witness.enter("detached", detached: true, priority: "background"))
            Held.touch()
        }
        Task.immediate(name: "immediate", priority: .low) {
            await park(Witness.enter("immediate", immediate: true, priority: "low"))
            Held.touch()
        }
        let cancelled = Task(name: "cancelled") {
            await park(Witness.enter("cancelled"))
            Held.touch()
        }
        cancelled.cancel()
    }

    // MARK: Finished, with somebody holding the handle. 2 tasks.

    static func finished() async {
        let value = Task(name: "gone") { 1_234_567 }
        let failure = Task { () throws in throw Refused() }
        _ = await value.value
        _ = await failure.result
        // A finished task has no name any more.
        Witness.enter(of: value, .completed, also: ["value": .number(1_234_567)])
        Witness.enter(of: failure, .completed, also: ["error": "Refused"])
        Kept.value = value
        Kept.failure = failure
    }

    // MARK: Never started, since the actor they belong to is busy. 2 tasks.

    static func queueBehindBusyActor() async {
        let busy = Busy()
        let occupant = Task(name: "occupant") { await busy.occupy(Witness.enter("occupant")) }
        while Witness.runningCount == 0 { await Task.yield() }
        let queued = Task(name: "never-started") { await busy.visit() }
        Kept.busy = [occupant, queued]
        // This one runs up to the actor's door.
        Witness.enter(
            "never-started", of: queued, .enqueued, wait: .actor, also: ["waitActor": "Busy"])
    }
}

struct Refused: Error {}

/// What the fixture holds on to.
enum Kept {
    nonisolated(unsafe) static var value: Task<Int, Never>?
    nonisolated(unsafe) static var failure: Task<Void, any Error>?
    nonisolated(unsafe) static var busy: [Task<Void, Never>] = []
}

/// An actor whose first visitor never leaves, and keeps a thread with it.
actor Busy {
    @inline(never)
    func occupy(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "Busy.occupy(_:)")
        while true { pause() }
    }

    func visit() {}
}
