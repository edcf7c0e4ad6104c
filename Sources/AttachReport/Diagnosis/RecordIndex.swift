/// Finds the node of what a record names.
///
/// Names come from memory that may lie: of two records with one name, the first is meant.
struct RecordIndex {
    private let tasks: [UInt64: Int32]
    private let threads: [Int32: Int32]
    private let actors: [Subject: Int32]
    private let groups: [Address: Int32]
    private let firstActor: Int
    private var queues: [UInt64: Int32] = [:]

    init(_ snapshot: Snapshot) {
        var next: Int32 = 0
        func number<Key: Hashable>(_ keys: some Collection<Key>) -> [Key: Int32] {
            var numbers: [Key: Int32] = [:]
            numbers.reserveCapacity(keys.count)
            for key in keys {
                if numbers[key] == nil { numbers[key] = next }
                next += 1
            }
            return numbers
        }
        tasks = number(snapshot.tasks.lazy.map(\.id))
        threads = number(snapshot.threads.lazy.map(\.id))
        firstActor = Int(next)
        actors = number(snapshot.actors.lazy.map(\.subject))
        groups = number(snapshot.groups.lazy.map(\.address))
        for (offset, actor) in snapshot.actors.enumerated() {
            for case .task(let id) in actor.queue where queues[id] == nil {
                queues[id] = Int32(truncatingIfNeeded: firstActor + offset)
            }
        }
    }

    func task(_ id: UInt64) -> Int32? { tasks[id] }
    func thread(_ id: Int32) -> Int32? { threads[id] }
    func group(_ address: Address) -> Int32? { groups[address] }

    /// The node of the actor record at this place.
    func actorNode(at number: Int) -> Int32 { Int32(truncatingIfNeeded: firstActor + number) }

    /// The actor or executor in whose queue the task is.
    func queue(holding task: UInt64) -> Int32? { queues[task] }

    /// The node of anything that has a record.
    func node(of subject: Subject) -> Int32? {
        switch subject {
        case .task(let id): tasks[id]
        case .thread(let id): threads[id]
        case .group(let address): groups[address]
        case .actor, .mainActor, .executor, .globalExecutor: actors[subject]
        case .continuation, .lock, .queue: nil
        }
    }
}
