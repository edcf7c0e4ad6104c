extension Explanation {
    /// `lock-held`.
    static let lockHeld = Explanation(
        kind: .lockHeld, title: "A lock is not given back", label: "LOCK HELD",
        meaning: """
            Threads wait for a lock, and the thread that has it does something else meanwhile: it \
            sleeps, waits for input, waits for a third one, or has even ended without unlocking. \
            Everything that needs the lock stands still for as long. If the waiting threads belong \
            to the pool of Swift tasks, all other tasks feel it too.
            """,
        makingSure: """
            The finding names the owner of the lock; its stack shows what it does while it has \
            the lock. Look again after some seconds: if the same thread still holds the same lock \
            and has not moved, it does not give it back. A lock held by a thread that is computing \
            will be given back, but perhaps too late. Threads that take turns to wait for input, \
            one with the lock and the others for it, only look like this.
            """,
        mending: """
            Hold a lock only to read or change variables. Do not sleep, do input or output, wait \
            for a semaphore, or call code that you do not know between `lock` and `unlock`. Copy \
            what is needed, unlock, and then do the slow thing.

            Use `withLock { }` or `defer { lock.unlock() }`, so that an early `return` or `throw` \
            unlocks too; a lock whose owner has ended was left locked on such a path. Never hold a \
            lock across an `await`: the task may go on on another thread, which cannot unlock it.
            """,
        advice:
            "See what the owner does while it has the lock; give the lock back before anything slow"
    )
}
