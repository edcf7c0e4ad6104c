extension Explanation {
    /// `cancelled-still-waiting`.
    static let cancelledStillWaiting = Explanation(
        kind: .cancelledStillWaiting, title: "A cancelled task goes on waiting",
        label: "IGNORES CANCELLATION",
        meaning: """
            The task was cancelled, but goes on waiting. Cancellation in Swift is a request: it \
            sets a mark, and wakes those that asked to be told, as `Task.sleep` and `AsyncStream` \
            do. A bare continuation, or the value of another task, is not among them. So the task \
            notices nothing until what it waits for comes by itself, and everybody who waits for \
            the task (a group, a shutdown, a time-out) waits as well.
            """,
        makingSure: """
            See what the task waits for, and whether that may still come: cancelled work that \
            comes to its end in its own time is slow, not wrong. If nothing has changed some \
            seconds later, the cancellation has no effect.
            """,
        mending: """
            Put `withTaskCancellationHandler` around the wait, and have the handler end what is \
            waited for: resume the continuation with `CancellationError()`, close the connection, \
            cancel the other task. Take care that the continuation is resumed only once: the \
            handler runs at the same time as everything else, so keep the continuation behind a \
            lock or in an actor.

            A task that awaits the value of a task which it made itself with `Task { }` must pass \
            the cancellation on; child tasks (`async let`, task groups) get it by themselves.
            """,
        advice:
            "Put withTaskCancellationHandler around the wait, and end there what is waited for")
}
