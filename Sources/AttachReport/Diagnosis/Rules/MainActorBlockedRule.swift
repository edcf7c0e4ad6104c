/// `main-actor-blocked`: the main actor's thread is blocked while its jobs wait.
enum MainActorBlockedRule: Rule {
    static let explanation = Explanation(
        kind: .mainActorBlocked, title: "The main actor is blocked", label: "MAIN ACTOR BLOCKED",
        meaning: """
            Code marked `@MainActor` (and the top level of most programs) runs on one thread only, \
            one piece after the other. That thread now stands in a blocking call, such as a read, \
            a lock, a semaphore or a sleep, while work for the main actor is waiting. Until the \
            call returns, nothing that needs the main actor happens: no handling of signals, no \
            start of new requests that go through it, no clean shutdown.

            A special case is a `main` that starts tasks and then waits for them with a \
            semaphore: if one of them needs the main actor, it waits for a thread that waits for \
            it.
            """,
        makingSure: """
            The page shows the stack of the thread with the blocking call at its top. If it is \
            still there at a second look, it is blocked. Check that the waiting tasks really need \
            the main actor: functions and closures inherit `@MainActor` from the type or file \
            around them.
            """,
        mending: """
            Let the program's `main` be `async` and `await` what it waits for, instead of waiting \
            with a semaphore or a `DispatchGroup`. Read input with an asynchronous sequence, or on \
            a thread of its own.

            Keep `@MainActor` for what must be there; mark work that need not be \
            `nonisolated` (or `@concurrent`), so that it runs elsewhere.
            """)

    private static let advice =
        "Make main async and await what it waits for, or do the blocking call on another thread"

    static func suspicions(in scene: Scene) -> [Suspicion] {
        guard let node = scene.node(.mainActor) else { return [] }
        let record = scene.snapshot.actors.first { $0.kind == .main }
        // Either a job of it runs on a thread, or only one thread serves it.
        let arrows = scene.graph.leaving(node).map { scene.graph.arrows[$0] }
        let task = arrows.lazy.compactMap { scene.task(at: $0.to)?.id }.first
        let thread = arrows.lazy.compactMap { scene.thread(at: $0.to)?.id }.first
        guard
            let holder = BlockedHolder(
                .mainActor, task: task, thread: thread ?? record?.thread, in: scene)
        else { return [] }
        return holder.suspicion(.mainActorBlocked, in: scene, advice: advice).map { [$0] } ?? []
    }
}
