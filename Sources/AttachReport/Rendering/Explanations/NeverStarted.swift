extension Explanation {
    /// `never-started`.
    static let neverStarted = Explanation(
        kind: .neverStarted, title: "A task has never started", label: "NEVER STARTED",
        meaning: """
            The task was made, but not one line of it has been run. A new task is handed to an \
            executor: an actor, the main actor, the shared pool, or an executor of your own, which \
            runs it when its turn comes. This one's turn has not come, and the executor it was \
            given to does not seem to work on anything. Where the executor is busy or blocked, \
            that is reported instead, and this task is counted among those who wait.
            """,
        makingSure: """
            Look whether the task is still there, in the same state, after some seconds: a new \
            task is queued for a moment in every program. The page says on which executor it is \
            queued; see whether that executor has a thread that is alive and waiting for work.
            """,
        mending: """
            With an executor of your own, check its `enqueue(_:)`: each job must be run exactly \
            once with `runSynchronously`, and whatever runs the jobs must be woken. A queue that \
            was suspended, or a thread that has ended, runs nothing.

            A task bound to the main actor needs a main thread that serves its queue: an `async` \
            `main`, a run loop, or `dispatchMain()`.
            """,
        advice:
            "See whether the executor that the task was given to has a thread that runs its jobs")
}
