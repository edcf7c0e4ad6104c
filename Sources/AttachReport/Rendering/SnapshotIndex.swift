/// Finds the records of a snapshot by what other records call them.
struct SnapshotIndex {
    private let snapshot: Snapshot
    private let tasks: [UInt64: Int]
    private let groups: [Address: Int]
    private let threads: [Int32: Int]
    /// Actors and executors that tasks queue on, by type.
    private let queues: [String: Set<Address>]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        // Ids come from memory that may lie: of two tasks with one id, the first is meant.
        tasks = Dictionary(
            snapshot.tasks.enumerated().lazy.map { ($1.id, $0) },
            uniquingKeysWith: { old, _ in old })
        groups = Dictionary(
            snapshot.groups.enumerated().lazy.map { ($1.address, $0) },
            uniquingKeysWith: { old, _ in old })
        threads = Dictionary(
            snapshot.threads.enumerated().lazy.map { ($1.id, $0) },
            uniquingKeysWith: { old, _ in old })
        queues = snapshot.tasks.reduce(into: [:]) { queues, task in
            switch task.wait {
            case .actor(let address, let type?), .executor(let address, let type?):
                queues[type, default: []].insert(address)
            default: break
            }
        }
    }

    /// Whether tasks queue on more than one actor or executor of this type, so that its name does
    /// not say which.
    func hasSeveralActors(_ type: String) -> Bool { queues[type].map { $0.count > 1 } ?? false }

    /// The name of the system call that a thread sits in; nil for none.
    func systemCall(ofThread id: Int32) -> PageText? {
        guard let thread = threads[id], let call = snapshot.threads[thread].systemCall else {
            return nil
        }
        return call.name.map { PageText(escaping: $0) } ?? "system call \(call.number)"
    }

    /// The task with this id; nil where the snapshot has none.
    func task(_ id: UInt64) -> TaskRecord? { tasks[id].map { snapshot.tasks[$0] } }

    /// The group at this address; nil where the snapshot has none.
    func group(_ address: Address) -> GroupRecord? { groups[address].map { snapshot.groups[$0] } }

    /// `task 5 "blocker"`.
    func reference(toTask id: UInt64) -> PageText {
        guard let name = task(id)?.name, !name.isEmpty else { return "task \(id)" }
        return "task \(id) \(PageText(quoting: name))"
    }
}
