import Dispatch
import Glibc

/// Tasks that wait in a circle, that end badly, that do not end when they are told to, that never
/// begin; and groups with one slow child.
enum Ends {
    static let stories: [String: Verdict.Story] = [
        "task-cycle": { await cycle($0) },
        "group-cycle": { await groupCycle($0) },
        "group-slow": { await slowChild($0) },
        "unread-error": { await failed($0) },
        "cancelled-deaf": { await deaf($0) },
        "cancelled-slow": { _ in await slow() },
        "never-started": { await neverStarted($0) },
    ]

    // MARK: Circles

    static func cycle(_ variant: Variant) async {
        let link = Link()
        let one = Task(name: "one") {
            let me = Witness.enter("one")
            while link.task == nil { await Task.yield() }
            guard let other = link.task else { return }
            me.rests(.task)
            await other.value
            Held.touch()
        }
        let other = Task(name: "other") {
            let me = Witness.enter("other")
            if variant == .sick {
                me.rests(.task)
                await one.value
            } else {
                me.rests(.sleep)
                try? await Task.sleep(for: .seconds(86_400))
            }
            Held.touch()
        }
        link.task = other
        Task(name: "bystander") {
            let me = Witness.enter("bystander")
            me.rests(.task)
            await one.value
            Held.touch()
        }
        Cast.perform(tasks: 4) {
            variant != .sick
                ? []
                : [
                    Judgement(
                        kind: "deadlock", subjects: [.task("one"), .task("other")],
                        affected: [.task("bystander")])
                ]
        }
    }

    final class Link: @unchecked Sendable {
        @inline(never) var task: Task<Void, Never>? {
            get { stored }
            set { stored = newValue }
        }
        private var stored: Task<Void, Never>?
    }

    /// A child waits for its parent, who waits for the group.
    static func groupCycle(_ variant: Variant) async {
        let link = Link()
        link.task = Task(name: "parent") {
            let me = Witness.enter("parent")
            await withTaskGroup(of: Void.self) { group in
                group.addTask(name: "child") {
                    let child = Witness.enter("child")
                    while link.task == nil { await Task.yield() }
                    if variant == .sick {
                        child.rests(.task)
                        await link.task?.value
                    } else {
                        child.rests(.sleep)
                        try? await Task.sleep(for: .seconds(86_400))
                    }
                    Held.touch()
                }
                me.rests(.group)
                await group.waitForAll()
            }
            Held.touch()
        }
        Cast.perform(tasks: 3) {
            variant != .sick
                ? [] : [Judgement(kind: "deadlock", subjects: [.task("parent"), .task("child")])]
        }
    }

    // MARK: A group that waits for one of a hundred children.

    static func slowChild(_ variant: Variant) async {
        Task(name: "parent") {
            let me = Witness.enter("parent")
            await withTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask(name: number == 42 ? "slow" : nil) {
                        guard number == 42 else { return number }
                        let child = Witness.enter("slow")
                        if variant == .sick {
                            child.rests(.continuation)
                            await withUnsafeContinuation { (_: Continuations.Bare) in }
                        } else {
                            child.rests(.sleep)
                            try? await Task.sleep(for: .seconds(86_400))
                        }
                        Held.touch()
                        return number
                    }
                }
                var seen = 0
                while let number = await group.next() {
                    seen += number
                    if seen == 99 * 100 / 2 - 42 { me.rests(.group) }
                }
                Held.touch()
            }
        }
        Cast.perform(tasks: 3) {
            variant != .sick
                ? [] : [Continuations.lost("slow", affected: [.task("parent")])]
        }
    }

    // MARK: Ended with an error

    struct Refused: Error { let code: Int }

    enum Trouble: Error { case none, refused(Int), lost }

    static func failed(_ variant: Variant) async {
        let failing = Task { () throws -> Int in
            if variant == .sick { throw Trouble.refused(7) }
            return Int(getpid())
        }
        while !TaskObject.of(failing).isComplete { await Task.yield() }
        Kept.keep(failing)
        Witness.enter("failed", of: failing, .completed)
        // Read, and let go.
        let other = Task { () throws -> Int in throw Refused(code: 1) }
        _ = try? await other.value
        Cast.perform(tasks: 2) {
            variant != .sick
                ? []
                : [
                    // Whether somebody has awaited it leaves no trace.
                    Judgement(
                        kind: "unread-error", subjects: [.task("failed")], confidence: "hint")
                ]
        }
    }

    // MARK: Told to end

    static func deaf(_ variant: Variant) async {
        guard variant != .sick else {
            let task = Task(name: "deaf") {
                let me = Witness.enter("deaf")
                me.rests(.continuation)
                await withUnsafeContinuation { Held.hold($0) }
                Held.touch()
            }
            while (Witness.find("deaf")?.task.isSuspended ?? false) == false { await Task.yield() }
            task.cancel()
            return Cast.perform(tasks: 2) {
                // It might hear nothing, and still end in its own time.
                [
                    Judgement(
                        kind: "cancelled-still-waiting", subjects: [.task("deaf")])
                ]
            }
        }
        // One that could be told to end, one that is told and has ended, and one that is told,
        // has heard it, and tidies up.
        Task(name: "listening") {
            let me = Witness.enter("listening")
            await withTaskCancellationHandler {
                me.rests(.continuation)
                await withUnsafeContinuation { Held.hold($0) }
            } onCancel: {
                Held.touch()
            }
        }
        let ended = Task(name: "ended") {
            try await Task.sleep(for: .seconds(86_400))
        }
        ended.cancel()
        _ = await ended.result
        Kept.keep(ended)
        Witness.enter("ended", of: ended, .completed)
        let tidying = Task(name: "tidying") {
            let me = Witness.enter("tidying")
            try? await Task.sleep(for: .seconds(86_400))
            let tidy = Task.detached(name: "tidy") {
                let tidy = Witness.enter("tidy")
                tidy.rests(.sleep)
                try? await Task.sleep(for: .seconds(86_400))
            }
            me.rests(.task)
            await tidy.value
            Held.touch()
        }
        tidying.cancel()
        Cast.perform(tasks: 5)
    }

    /// Cancelled, deaf, and ending in half a second: as whoever waits for a database does.
    static func slow() async {
        Task.detached(name: "client") {
            let me = Witness.enter("client")
            me.keepsBusy()
            while true {
                let request = Task(name: "request") {
                    await withUnsafeContinuation { continuation in
                        DispatchQueue.global().asyncAfter(deadline: .now() + 0.6) {
                            continuation.resume()
                        }
                    }
                }
                request.cancel()
                await request.value
                Cast.turn()
            }
        }
        Cast.perform(tasks: 2)
    }

    // MARK: Never begun

    static func neverStarted(_ variant: Variant) async {
        let executor = NeverExecutor()
        Kept.keep(executor)
        guard variant == .sick else {
            // Born all the time, and begun a little later.
            Task.detached(name: "mother") {
                let me = Witness.enter("mother")
                me.keepsBusy()
                while true {
                    await withTaskGroup(of: Void.self) { group in
                        for _ in 0..<20 { group.addTask { _ = usleep(100) } }
                    }
                    Cast.turn()
                }
            }
            return Cast.perform(tasks: 2, moving: true)
        }
        let task = Task(name: "unborn", executorPreference: executor) { Held.touch() }
        Kept.keep(task)
        Witness.enter("unborn", of: task, .enqueued, wait: .executor)
        Task(name: "waiter") {
            let me = Witness.enter("waiter")
            me.rests(.task)
            await task.value
            Held.touch()
        }
        Cast.perform(tasks: 3) {
            [
                Judgement(
                    kind: "never-started", subjects: [.task("unborn"), .neverExecutor(executor)],
                    affected: [.task("waiter")])
            ]
        }
    }
}
