/// Finds the records of a snapshot by what other records call them, and their nodes in the wait
/// graph: all tasks in their order, then all threads, all actors, all groups.
///
/// Names come from memory that may lie: of two records with one name, the first is meant.
struct SnapshotIndex {
    /// Where a task queues.
    struct Place {
        /// The actor, as an index into the snapshot's actors.
        fileprivate let actor: Int
        /// Its place in the queue, from 1.
        let number: Int
        /// How many queue there.
        let count: Int
    }

    private let snapshot: Snapshot
    private let tasks: [UInt64: Int]
    private let groups: [Address: Int]
    private let threads: [Int32: Int]
    private let actors: [Subject: Int]
    private let places: [UInt64: Place]
    /// Actors by the task whose job runs on them.
    private let held: [UInt64: Int]
    /// A thread's wait for each lock, semaphore and queue that one waits for.
    private let waits: [Address: ThreadWait]
    /// Actors and executors, by type.
    private let types: [String: Set<Address>]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        tasks = Self.numbers(snapshot.tasks.lazy.map(\.id))
        groups = Self.numbers(snapshot.groups.lazy.map(\.address))
        threads = Self.numbers(snapshot.threads.lazy.map(\.id))
        actors = Self.numbers(snapshot.actors.lazy.map(\.subject))
        waits = Dictionary(
            snapshot.threads.lazy.compactMap { thread in
                thread.wait.flatMap { wait in wait.object.map { ($0, wait) } }
            }, uniquingKeysWith: { old, _ in old })
        var places: [UInt64: Place] = [:]
        var held: [UInt64: Int] = [:]
        var types: [String: Set<Address>] = [:]
        for (index, actor) in snapshot.actors.enumerated() {
            if let task = actor.task, held[task] == nil { held[task] = index }
            for (position, job) in actor.queue.enumerated() {
                guard case .task(let id) = job, places[id] == nil else { continue }
                places[id] = Place(actor: index, number: position + 1, count: actor.queue.count)
            }
            switch (actor.subject, actor.type) {
            case (.actor(let address), let type?), (.executor(let address), let type?):
                types[type, default: []].insert(address)
            default: break
            }
        }
        for task in snapshot.tasks {
            switch task.wait {
            case .actor(let address, let type?), .executor(let address, let type?):
                types[type, default: []].insert(address)
            default: break
            }
        }
        self.places = places
        self.held = held
        self.types = types
    }

    /// The place of each name's first record.
    private static func numbers<Key: Hashable>(_ keys: some Collection<Key>) -> [Key: Int] {
        var numbers: [Key: Int] = [:]
        numbers.reserveCapacity(keys.count)
        for (number, key) in keys.enumerated() where numbers[key] == nil { numbers[key] = number }
        return numbers
    }

    // MARK: Records

    /// Whether there is more than one actor or executor of this type, so that its name does not
    /// say which.
    func hasSeveralActors(_ type: String) -> Bool { types[type].map { $0.count > 1 } ?? false }

    /// The task with this id; nil where the snapshot has none.
    func task(_ id: UInt64) -> TaskRecord? { tasks[id].map { snapshot.tasks[$0] } }

    /// The thread with this id; nil where the snapshot has none.
    func thread(_ id: Int32) -> ThreadRecord? { threads[id].map { snapshot.threads[$0] } }

    /// The group at this address; nil where the snapshot has none.
    func group(_ address: Address) -> GroupRecord? { groups[address].map { snapshot.groups[$0] } }

    /// The actor or executor that bears this name in the wait graph.
    func actor(_ subject: Subject) -> ActorRecord? {
        actors[subject].map { snapshot.actors[$0] }
    }

    /// The actor on which this task runs.
    func actor(heldBy task: UInt64) -> ActorRecord? { held[task].map { snapshot.actors[$0] } }

    /// Where in a queue this task stands, if that queue's order is known.
    func place(ofTask id: UInt64) -> Place? {
        guard let place = places[id], snapshot.actors[place.actor].isQueueComplete else {
            return nil
        }
        return place
    }

    /// How one of the threads waits for the lock, semaphore or queue at this address.
    func wait(for object: Address) -> ThreadWait? { waits[object] }

    /// The file name of the executable; nil where that is not known.
    var executable: String? { snapshot.process.executable?.lastPathComponent }

    /// The process's first thread, which serves the main actor.
    var mainThread: Int32 { snapshot.process.pid }

    // MARK: Nodes

    /// The node of a task.
    func node(ofTask id: UInt64) -> Int32? { tasks[id].map { Int32(truncatingIfNeeded: $0) } }

    /// The node of a thread.
    func node(ofThread id: Int32) -> Int32? { threads[id].map { node($0 + snapshot.tasks.count) } }

    /// The node of a group.
    func node(ofGroup address: Address) -> Int32? {
        groups[address].map {
            node(
                $0 + snapshot.tasks.count + snapshot.threads.count + snapshot.actors.count)
        }
    }

    /// The node of the actor record at this place.
    func node(ofActorAt number: Int) -> Int32 {
        node(number + snapshot.tasks.count + snapshot.threads.count)
    }

    /// The node of the actor or executor in whose queue the task is.
    func queue(holding task: UInt64) -> Int32? { places[task].map { node(ofActorAt: $0.actor) } }

    /// The node of anything that has a record.
    func node(of subject: Subject) -> Int32? {
        switch subject {
        case .task(let id): node(ofTask: id)
        case .thread(let id): node(ofThread: id)
        case .group(let address): node(ofGroup: address)
        case .actor, .mainActor, .executor, .globalExecutor:
            actors[subject].map { node(ofActorAt: $0) }
        case .continuation, .lock, .queue: nil
        }
    }

    private func node(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: number) }
}
