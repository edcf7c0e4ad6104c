/// A blocked thread, whom it waits for, whom that one waits for, and so on to the last.
struct BlockedChain {
    /// From the one in question to the last, which waits for no thread; never empty.
    private(set) var threads: [ThreadRecord]
    /// The lock that the last one waits for, if its owner has ended.
    private(set) var orphan: Subject?
    /// Whether it leads back into itself.
    private(set) var isCircular = false
    /// Whether more than one thread waits for a lock on the way: then the lock is the trouble.
    private(set) var isShared = false

    /// Longer chains are cut: nobody reads them, and all of them together must stay linear.
    private static let limit = 64

    init(from thread: ThreadRecord, in scene: Scene) {
        threads = [thread]
        while let last = threads.last, let wait = last.wait, threads.count < Self.limit {
            if wait.owner == nil, wait.deadOwner != nil {
                orphan = last.lockSubject
                isShared = isShared || scene.orphanWaiters(of: last).count > 1
            }
            guard let owner = wait.owner, let next = scene.thread(owner) else { return }
            if wait.kind != .join, scene.waiters(forLocksOf: owner).count > 1 { isShared = true }
            guard !threads.contains(where: { $0.id == owner }) else {
                isCircular = true
                return
            }
            threads.append(next)
        }
    }

    /// The node whose standing still is the trouble.
    func root(in scene: Scene) -> Int32? {
        if let orphan { return scene.node(orphan) }
        let thread = isCircular ? threads.first : threads.last
        return thread.flatMap { scene.index.node(ofThread: $0.id) }
    }

    /// How sure it is that the first one does not go on soon.
    func certainty(in scene: Scene) -> (Finding.Confidence, couldRise: Bool)? {
        if orphan != nil, !threads.contains(where: { $0.wait?.mayEndByItself != false }) {
            return scene.certainty(thatStandForGood: threads)
        }
        return scene.certainty(thatStand: threads)
    }

    /// The same for a finding, with the task that is on the first thread.
    func occupant(_ task: UInt64?) -> Finding.Occupant {
        Finding.Occupant(
            task: task, threads: threads.map(\.id), endsWithOrphan: orphan != nil)
    }

    /// The locks and threads behind the first one.
    var subjects: [Subject] {
        var subjects: [Subject] = []
        for thread in threads {
            if thread.id != threads[0].id { subjects.append(.thread(thread.id)) }
            let wait = thread.wait
            if let lock = thread.lockSubject, wait?.owner != nil || wait?.deadOwner != nil {
                subjects.append(lock)
            }
        }
        return subjects
    }
}

extension ThreadRecord {
    /// The lock or queue that it waits for.
    var lockSubject: Subject? {
        guard let wait, wait.kind != .join, let object = wait.object else { return nil }
        return wait.kind == .dispatchSync ? .queue(object) : .lock(object)
    }
}
