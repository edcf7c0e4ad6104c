extension Explanation {
    /// `main-actor-blocked`.
    static let mainActorBlocked = Explanation(
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
            """,
        advice:
            "Make main async and await what it waits for, or do the blocking call on another thread"
    )
}
