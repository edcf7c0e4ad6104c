/// Tasks of which the same is to be said, since they stand at the same place.
struct TaskBatch {
    /// The first of them.
    let first: TaskRecord
    /// Their ids, in the order of the snapshot; never empty.
    private(set) var ids: [UInt64]
    /// Their nodes.
    private(set) var nodes: [Int32]

    var isOne: Bool { ids.count == 1 }
    var subjects: [Subject] { ids.map { .task($0) } }

    /// Puts the nodes of tasks, together by place and by whatever else keeps them apart.
    static func make<Trait: Hashable>(
        _ nodes: some Sequence<Int32>, in scene: Scene, apartBy trait: (TaskRecord) -> Trait
    ) -> [TaskBatch] {
        var places: [Key<Trait>: Int] = [:]
        var batches: [TaskBatch] = []
        let executable = scene.index.executable
        for node in nodes {
            let task = scene.snapshot.tasks[Int(node)]
            let frame = task.frames.ownFrame(executable: executable).map { task.frames[$0] }
            let key = Key(
                address: frame?.address, line: frame?.location?.line, trait: trait(task))
            if let known = places[key] {
                batches[known].ids.append(task.id)
                batches[known].nodes.append(node)
            } else {
                places[key] = batches.count
                batches.append(
                    TaskBatch(first: task, ids: [task.id], nodes: [node]))
            }
        }
        return batches
    }
}

/// By address and line: to compare the names of 100,000 tasks would take long.
private struct Key<Trait: Hashable>: Hashable {
    let address: Address?
    let line: Int?
    let trait: Trait
}
