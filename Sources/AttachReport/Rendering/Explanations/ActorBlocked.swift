extension Explanation {
    /// `actor-blocked`.
    static let actorBlocked = Explanation(
        kind: .actorBlocked, title: "An actor is blocked", label: "ACTOR BLOCKED",
        meaning: """
            An actor runs one piece of work at a time; everybody else who calls it queues up. The \
            piece that runs now called something that stops its *thread*: it sleeps, waits for a \
            lock or semaphore, or reads from a file or socket that has nothing to give. While the \
            thread stands, the actor cannot serve anybody, and the queue grows.

            An `await` would have been harmless: at an `await` the actor lets go, and others may \
            run. A blocking call does not let go. It also takes one of the few threads that all \
            tasks share.
            """,
        makingSure: """
            Look at the thread's stack on the page: the innermost frames show the blocking call, \
            and the first frame of your own shows where you made it. Then take a second look after \
            some seconds. If the same task is still in the same call, the actor is blocked and not \
            just busy. A finding marked `hint` has not been watched for long enough, or waits for \
            something that will end by itself soon.
            """,
        mending: """
            Replace the blocking call by one that suspends: `try await Task.sleep(for:)` instead \
            of `Thread.sleep` or `sleep`, an `AsyncStream` or a continuation instead of a \
            semaphore, asynchronous input and output instead of `read`.

            Where the call has no asynchronous form, make it on a thread that may block: a \
            `DispatchQueue` of its own or a thread pool, joined to the task by \
            `withCheckedContinuation`. Then only that thread waits, and the actor goes on.

            If it waits for a lock, find out who holds the lock, and for how long: the finding \
            names the owner where there is one.
            """,
        advice:
            "Replace the blocking call by one that is awaited, or make it on a thread of its own")
}
