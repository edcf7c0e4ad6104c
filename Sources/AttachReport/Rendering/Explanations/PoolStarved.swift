extension Explanation {
    /// `pool-starved`.
    static let poolStarved = Explanation(
        kind: .poolStarved, title: "The pool has no thread left", label: "POOL STARVED",
        meaning: """
            All tasks share a small pool of threads, about one for each CPU. That is enough as \
            long as tasks suspend (`await`) when they wait: then the thread goes on with another \
            task. A task that blocks instead keeps its thread. Here every thread of the pool is \
            blocked, and tasks that are ready to run find none.

            Often the blocked tasks wait for something that one of the waiting tasks would do, \
            for instance signal a semaphore. Then it is a deadlock, though no lock is involved.
            """,
        makingSure: """
            The evidence lists every thread of the pool with what it waits for. If the same \
            threads stand in the same calls at a second look, the pool is starved. It depends on \
            the number of CPUs: a program that works on a large machine may starve in a container \
            with one or two, so try it there.
            """,
        mending: """
            Do not block in a task. Instead of `semaphore.wait()`, `group.wait()`, `queue.sync`, \
            `Thread.sleep` or a blocking read, use a form that is awaited: an `AsyncStream`, \
            `withCheckedContinuation`, `TaskGroup`, `Task.sleep`, asynchronous input and output.

            What cannot be had without blocking belongs on threads of its own, such as a \
            `DispatchQueue` or a task executor that you make for it. Never wait for an \
            asynchronous function from a synchronous one by means of a semaphore.
            """,
        advice:
            "Do not block in tasks: await instead, and keep what must block on threads of its own")
}
