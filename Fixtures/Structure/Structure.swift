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
        let here = "static Structure.startGroups()"
        Task(name: "group") {
            let me = Witness.enter("group")
            me.calls(in: "closure #1 in \(here)")
            await withTaskGroup(of: Void.self) { group in
                for number in 1...2 {
                    group.addTask(name: "child-\(number)") {
                        let child = Witness.enter("child-\(number)", parent: me, group: true)
                        child.calls(in: "closure #1 in closure #1 in closure #1 in \(here)")
                        await park(child)
                        Held.touch()
                    }
                }
                me.rests(.group, in: "closure #1 in closure #1 in \(here)", optional: true)
                await group.waitForAll()
                Held.touch()
            }
            Held.touch()
        }
        Task(name: "throwing-group") {
            let me = Witness.enter("throwing-group")
            me.calls(in: "closure #2 in \(here)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...2 {
                    group.addTask {
                        let child = Witness.enter(parent: me, group: true)
                        child.calls(in: "closure #1 in closure #1 in closure #2 in \(here)")
                        await park(child)
                        throw Refused()
                    }
                }
                me.rests(.group, in: "closure #1 in closure #2 in \(here)", optional: true)
                try await group.next()
                Held.touch()
            }
            Held.touch()
        }
        Task(name: "discarding-group") {
            let me = Witness.enter("discarding-group")
            // A discarding group waits when its closure has returned: that one leaves no frame.
            me.rests(.group, in: "closure #3 in \(here)")
            await withDiscardingTaskGroup { group in
                for _ in 1...2 {
                    group.addTask {
                        let child = Witness.enter(parent: me, group: true)
                        child.calls(in: "closure #1 in closure #1 in closure #3 in \(here)")
                        await park(child)
                        Held.touch()
                    }
                }
            }
            Held.touch()
        }
    }

    // MARK: async let: a parent, two children. 3 tasks.

    static func startAsyncLet() {
        let here = "closure #1 in static Structure.startAsyncLet()"
        Task(name: "async-let") {
            let me = Witness.enter("async-let")
            async let left = half(me, "implicit closure #1 in \(here)")
            async let right = half(me, "implicit closure #2 in \(here)")
            me.rests(.task, in: here)
            let sum = await left + right
            Held.touch()
            return sum
        }
    }

    @inline(never)
    static func half(_ parent: Witness, _ caller: String, line: Int = #line) async -> Int {
        let me = Witness.enter(parent: parent, asyncLet: true)
        me.calls(in: caller, line: line - 1)
        me.rests(.continuation, in: "static Structure.half(_:_:line:)")
        await withUnsafeContinuation { Held.hold($0) }
        return Threads.current
    }

    // MARK: Unstructured, detached, immediate, cancelled, with priorities. 4 tasks.

    static func startUnstructured() {
        let here = "static Structure.startUnstructured()"
        Task(name: "high", priority: .high) {
            let me = Witness.enter("high", priority: "high")
            me.calls(in: "closure #1 in \(here)")
            await park(me)
            Held.touch()
        }
        Task.detached(name: "detached", priority: .background) {
            let me = Witness.enter("detached", detached: true, priority: "background")
            me.calls(in: "closure #2 in \(here)")
            await park(me)
            Held.touch()
        }
        #if compiler(>=6.2)
            Task.immediate(name: "immediate", priority: .low) {
                let me = Witness.enter("immediate", immediate: true, priority: "low")
                me.calls(in: "closure #3 in \(here)")
                await park(me)
                Held.touch()
            }
        #else
            Task(priority: .low) {
                let me = Witness.enter("immediate", priority: "low")
                me.calls(in: "closure #3 in \(here)")
                await park(me)
                Held.touch()
            }
        #endif
        let cancelled = Task(name: "cancelled") {
            let me = Witness.enter("cancelled")
            me.calls(in: "closure #4 in \(here)")
            await park(me)
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
        let occupant = Task(name: "occupant") {
            let me = Witness.enter("occupant")
            me.calls(in: "closure #1 in static Structure.queueBehindBusyActor()")
            await busy.occupy(me)
        }
        Kept.occupant = occupant
        await Witness.others(atLeast: 20)
    }
}

struct Refused: Error {}

/// What the fixture holds on to.
enum Kept {
    nonisolated(unsafe) static var value: Task<Int, Never>?
    nonisolated(unsafe) static var failure: Task<Void, any Error>?
    nonisolated(unsafe) static var occupant: Task<Void, Never>?
    nonisolated(unsafe) static var queued: Task<Void, Never>?
}

/// An actor whose first visitor never leaves, and keeps a thread with it.
actor Busy {
    @inline(never)
    func occupy(_ me: Witness) {
        // It belongs to this actor, so it cannot start.
        let queued = Task(name: "never-started") { visit() }
        Kept.queued = queued
        Witness.enter(
            "never-started", of: queued, .enqueued, wait: .actor, also: ["neverStarted": true])
        me.runs(blockedIn: SystemCall.pause, in: "Busy.occupy(_:)")
        while true { pause() }
    }

    func visit() {}
}
