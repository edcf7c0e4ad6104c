extension Explanation {
    /// `deadlock`.
    static let deadlock = Explanation(
        kind: .deadlock, title: "Some wait for each other in a circle", label: "DEADLOCK",
        meaning: """
            Each of them waits for something that the next one has, and the last waits for the \
            first. None can go on before another does, so none ever will. Waiting longer does not \
            help.

            The classic case has two threads and two locks: one thread holds lock A and wants B, \
            the other holds B and wants A. Other forms: a thread that locks a lock which it holds \
            already, `DispatchQueue.sync` onto the queue one is running on, tasks that await each \
            other's values, threads that join each other.
            """,
        makingSure: """
            A deadlock among locks, queues and tasks that carry no time-out is read off one \
            consistent picture of the process, so there is nothing to make sure of: it is proven. \
            If it is only a hint, one of the waits has a time-out and will end by itself; then \
            look again after that time; or a thread waits for a mutex that it has itself, which \
            another thread may unlock. The evidence lists every step of the circle; follow it in \
            the source, from one line to the next.
            """,
        mending: """
            Locks: always take them in the same order, everywhere; or hold only one at a time. \
            Never call code that you do not know (a callback, a delegate, an `await`ed closure) \
            while holding a lock.

            A lock taken twice by its owner: split the function into a public one that locks and \
            a private one that expects the lock to be held.

            `DispatchQueue.sync`: call it only from outside the queue, or use `async`.

            Tasks: a task must not await a task that (through others) awaits it. Let one of the \
            two hand its result over before it waits, or give the result to both from a third \
            task.
            """,
        advice:
            "Follow the circle in the source, and break it at one step: one order for all locks, no "
            + "sync onto a queue one is on, no task that awaits its awaiter")
}
