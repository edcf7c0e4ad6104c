/// `unread-error`: a task has failed, and nobody has looked.
enum UnreadErrorRule: Rule {
    static let explanation = Explanation(
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
            """)

    private static let advice =
        "Await the task's value and handle the error, or catch it inside of the task"

    /// What keeps entries apart: what was thrown, and whether it is sure that nobody has read it.
    private struct Trait: Hashable {
        let type: String?
        let `case`: String?
        let isUnread: Bool
    }

    static func suspicions(in scene: Scene) -> [Suspicion] {
        var awaited: Set<UInt64> = []
        for task in scene.snapshot.tasks {
            if case .task(let id) = task.wait { awaited.insert(id) }
        }
        let failed = scene.snapshot.tasks.indices.lazy.filter { place in
            let task = scene.snapshot.tasks[place]
            guard task.state == .completed, case .error? = task.result else { return false }
            return !awaited.contains(task.id) && (isUnread(task) || task.handles != 0)
        }
        return TaskBatch.make(
            failed.map { Int32(truncatingIfNeeded: $0) }, in: scene,
            apartBy: { task in
                guard case .error(let type, let name)? = task.result else {
                    return Trait(type: nil, case: nil, isUnread: false)
                }
                return Trait(type: type, case: name, isUnread: isUnread(task))
            }
        ).map { suspicion($0, in: scene) }
    }

    /// The child of a group stays in the group until its result is taken; that of an `async let`
    /// until it is awaited.
    private static func isUnread(_ task: TaskRecord) -> Bool {
        task.parent != nil && (task.flags.contains(.groupChild) || task.flags.contains(.asyncLet))
            && (task.group != nil || task.flags.contains(.asyncLet))
    }

    private static func suspicion(_ batch: TaskBatch, in scene: Scene) -> Suspicion {
        let first = batch.first
        let isOne = batch.isOne
        var error = "an error"
        if case .error(let type?, let name)? = first.result {
            error = "the error \(type)\(name.map { ".\($0)" } ?? "")"
        }
        let isChild = isUnread(first)
        var evidence: [String] = []
        let handles = batch.nodes.reduce(0) { sum, node in
            sum &+ (scene.snapshot.tasks[Int(node)].handles ?? 0)
        }
        if isChild {
            evidence.append("the result has not been taken by the parent")
        } else {
            if handles > 0 {
                evidence.append("\(Words.count(handles, "reference")) to \(isOne ? "it" : "them")")
            }
            evidence.append("whether somebody has read the error leaves no trace in memory")
        }
        let parents = Set(batch.nodes.compactMap { scene.snapshot.tasks[Int($0)].parent })
            .compactMap { scene.index.task($0) }
        let verb = isOne ? "has" : "have"
        return Suspicion(
            kind: .unreadError, phase: .error, severity: .warning, confidence: .hint,
            roots: batch.nodes, raisedBehind: isChild ? parents.sorted() : [],
            subjects: batch.subjects,
            message: "\(scene.words.tasks(batch.ids)) \(verb) failed with \(error), and "
                + (isChild ? "nobody has taken the result" : "nobody waits for the result"),
            evidence: evidence, advice: advice)
    }
}
