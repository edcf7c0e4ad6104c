extension Explanation {
    /// `unread-error`.
    static let unreadError = Explanation(
        kind: .unreadError, title: "A task failed, and nobody has looked", label: "UNREAD ERROR",
        meaning: """
            The task ended by throwing an error. An error in a task disturbs nobody: it is kept \
            in the task until somebody asks with `try await task.value` (or `next()` for a child \
            of a group). If nobody asks, it is lost silently when the last handle goes away, and \
            what the task should have done is simply not done.
            """,
        makingSure: """
            For a task made with `Task { }` the runtime does not note whether somebody has read \
            the result, so this can never be more than a hint: perhaps it was read, and the handle \
            is just still there. Search the source for the place where the task is made, and see \
            whether anybody awaits its `value` or `result`. The child of a group whose result is \
            still in the group, on the other hand, certainly has not been read.
            """,
        mending: """
            Await the value of the task and handle the error, or catch the error inside of the \
            task: `Task { do { try await work() } catch { log(error) } }`. For several tasks \
            use a throwing task group, and take all results with `for try await` or \
            `waitForAll()`; leaving the group's scope without either throws the errors away.
            """,
        advice:
            "Await the task's value and handle the error, or catch it inside of the task")
}
