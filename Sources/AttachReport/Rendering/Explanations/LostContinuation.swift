extension Explanation {
    /// `lost-continuation`.
    static let lostContinuation = Explanation(
        kind: .lostContinuation, title: "A task will never be resumed", label: "NEVER RESUMED",
        meaning: """
            The task called `withCheckedContinuation` (or one of its relatives) and waits until \
            somebody calls `resume` on the continuation it was given. To do that, somebody must \
            still have the continuation. All memory of the process was searched, and nothing that \
            is in use refers to it: it was dropped. So nobody can resume the task, now or later, \
            and everything that awaits the task waits for ever too.

            Typical ways to drop one: a callback that is called in the case of success only; an \
            early `return` or `throw` before `resume`; an object that keeps the continuation and \
            is destroyed; a dictionary in which a second request overwrites the continuation of \
            the first.
            """,
        makingSure: """
            A checked continuation says so itself: when it is dropped, the program prints `SWIFT \
            TASK CONTINUATION MISUSE: … leaked its continuation` to its standard error. Look for \
            that line in the log. For an unsafe one, change it to a checked one and try again.

            The search follows what the C library's allocator has in use, registers, stacks, and \
            what the kernel keeps for the process: events of an epoll, timers, pending signals. \
            Where it cannot look (an io_uring, a message queue, shared memory) the task is not \
            called lost. An address that the program has written to a pipe or a file, to read it \
            again later, or keeps in a changed form, is not found; where part of the memory could \
            not be read, the finding is a hint only.
            """,
        mending: """
            Follow every path through the function that got the continuation, and see to it that \
            each of them calls `resume` exactly once: also when there is an error, a time-out, a \
            cancellation, or when the object goes away (`deinit`).

            Wrap callbacks that may never come: race the wait against `Task.sleep` in a task \
            group, and resume with an error in `withTaskCancellationHandler`. For more than one \
            value, use an `AsyncStream`, which ends its waiters when it is dropped.
            """,
        advice:
            "See to it that every path through that function resumes the continuation exactly once")
}
