/// Finds the records of a snapshot by what other records call them.
struct SnapshotIndex {
    private let snapshot: Snapshot
    private let tasks: [UInt64: Int]
    private let groups: [Address: Int]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        // Ids come from memory that may lie: of two tasks with one id, the first is meant.
        tasks = Dictionary(
            snapshot.tasks.enumerated().lazy.map { ($1.id, $0) },
            uniquingKeysWith: { old, _ in old })
        groups = Dictionary(
            snapshot.groups.enumerated().lazy.map { ($1.address, $0) },
            uniquingKeysWith: { old, _ in old })
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
