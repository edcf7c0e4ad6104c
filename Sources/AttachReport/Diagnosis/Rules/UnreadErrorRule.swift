/// `unread-error`: a task has failed, and nobody has looked.
enum UnreadErrorRule: Rule {
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
        var error: (type: String?, case: String?) = (nil, nil)
        if case .error(let type, let name)? = first.result { error = (type, name) }
        let isChild = isUnread(first)
        var evidence: [Finding.Fact] = []
        let handles = batch.nodes.reduce(0) { sum, node in
            sum &+ (scene.snapshot.tasks[Int(node)].handles ?? 0)
        }
        if isChild {
            evidence.append(.resultNotTaken)
        } else {
            if handles > 0 { evidence.append(.references(handles)) }
            evidence.append(.readingLeavesNoTrace)
        }
        let parents = Set(batch.nodes.compactMap { scene.snapshot.tasks[Int($0)].parent })
            .compactMap { scene.index.node(ofTask: $0) }
        return Suspicion(
            cause: .unreadError(type: error.type, case: error.case, isChild: isChild),
            phase: .error, severity: .warning, confidence: .hint,
            roots: batch.nodes, raisedBehind: isChild ? parents.sorted() : [],
            subjects: batch.subjects,
            evidence: evidence)
    }
}
