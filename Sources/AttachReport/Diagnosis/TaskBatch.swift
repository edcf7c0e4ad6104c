/// Tasks of which the same is to be said, since they stand at the same place.
struct TaskBatch {
    /// As `Words.place` says it.
    let place: String
    /// In the order of the snapshot; never empty.
    private(set) var tasks: [TaskRecord]
    /// Their nodes.
    private(set) var nodes: [Int32]

    var subjects: [Subject] { tasks.map { .task($0.id) } }

    /// Puts nodes of tasks together by place and by whatever else keeps them apart.
    static func make<Trait: Hashable>(
        _ nodes: some Sequence<Int32>, in scene: Scene, apartBy trait: (TaskRecord) -> Trait
    ) -> [TaskBatch] {
        var places: [Key<Trait>: Int] = [:]
        var batches: [TaskBatch] = []
        for node in nodes {
            guard let task = scene.task(at: node) else { continue }
            let frame = Words.own(task.frames)
            let key = Key(
                address: frame?.address, line: frame?.location?.line, trait: trait(task))
            if let known = places[key] {
                batches[known].tasks.append(task)
                batches[known].nodes.append(node)
            } else {
                places[key] = batches.count
                batches.append(
                    TaskBatch(place: scene.words.place(task.frames), tasks: [task], nodes: [node]))
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
