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
        return thread.flatMap { scene.index.thread($0.id) }
    }

    /// How sure it is that the first one does not go on soon.
    func certainty(in scene: Scene) -> (Finding.Confidence, couldRise: Bool)? {
        if orphan != nil, !threads.contains(where: { $0.wait?.mayEndByItself != false }) {
            return scene.certainty(thatStandForGood: threads)
        }
        return scene.certainty(thatStand: threads)
    }

    /// What the first one does and why, e.g. `waits for a mutex that thread 4260 holds, which
    /// sleeps`.
    func story(_ words: Words) -> String {
        var story = ""
        for (number, thread) in threads.enumerated() {
            if number > 0 {
                let task = thread.task.map { " (runs \(words.task($0)))" } ?? ""
                let before = threads[number - 1].wait
                story +=
                    before?.kind == .join
                    ? ", which\(task) " : " that thread \(thread.id)\(task) holds, which "
            }
            story += words.activity(thread)
            // Where one waits for a lock is told in the evidence, unless it is the first.
            if number == 0 || number == threads.count - 1 { story += words.place(thread.frames) }
        }
        if orphan != nil { story += ", whose owner has ended" }
        return story
    }

    /// The steps, for an expert.
    func evidence(_ words: Words) -> [String] {
        threads.map { words.fact($0) }
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

extension Words {
    /// What a thread does, with the addresses and how it is known.
    func fact(_ thread: ThreadRecord) -> String {
        var fact = "thread \(thread.id)"
        if let task = thread.task { fact += " (runs \(self.task(task)))" }
        fact += " \(activity(thread))"
        guard let wait = thread.wait else { return fact + place(thread.frames) }
        if let object = wait.object { fact += " at \(object)" }
        fact += place(thread.frames)
        if let owner = wait.owner, wait.kind != .join { fact += "; owner: thread \(owner)" }
        if let dead = wait.deadOwner { fact += "; owner: thread \(dead), which has ended" }
        if let evidence = wait.evidence { fact += " (\(evidence))" }
        return fact
    }
}
