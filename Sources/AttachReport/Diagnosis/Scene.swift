/// A snapshot with what follows from it, as the rules look at it.
struct Scene {
    let snapshot: Snapshot
    let index: SnapshotIndex
    let graph: WaitGraph
    /// Circles of arrows that are certain, as places among the graph's arrows.
    let cycles: [[Int]]
    /// The pool's threads, if all of them are blocked.
    var pool: PoolCensus? { census.flatMap { $0.idle.isEmpty ? $0 : nil } }
    /// The pool's threads, if some are blocked and the others idle.
    let census: PoolCensus?
    /// Nodes of what has no record.
    private let others: [Subject: Int32]
    private let firstThread: Int
    private let firstActor: Int
    /// Threads that did not stop with the others: what is said of them is of another moment.
    private let unstopped: [Int32: Gap]
    /// The threads that wait for locks and queues of a thread, and for those of the dead.
    private let lockWaiters: [Int32: [Int32]]
    private let orphans: [Subject: [Int32]]

    init(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        index = SnapshotIndex(snapshot)
        (graph, others) = WaitGraphBuilder.build(snapshot, index)
        cycles = Cycles.find(in: graph) { $0.isCertain }
        census = PoolCensus(snapshot)
        firstThread = snapshot.tasks.count
        firstActor = firstThread + snapshot.threads.count
        var unstopped: [Int32: Gap] = [:]
        for gap in snapshot.coverage.gaps where gap.reason == .notStopped {
            if case .thread(let id) = gap.subject { unstopped[id] = gap }
        }
        self.unstopped = unstopped
        var lockWaiters: [Int32: [Int32]] = [:]
        var orphans: [Subject: [Int32]] = [:]
        for thread in snapshot.threads {
            guard let wait = thread.wait, wait.kind != .join else { continue }
            if let owner = wait.owner {
                lockWaiters[owner, default: []].append(thread.id)
            } else if wait.deadOwner != nil, let lock = thread.lockSubject {
                orphans[lock, default: []].append(thread.id)
            }
        }
        self.lockWaiters = lockWaiters
        self.orphans = orphans
    }

    /// The threads that wait for a lock or queue that this thread has.
    func waiters(forLocksOf thread: Int32) -> [Int32] { lockWaiters[thread] ?? [] }

    /// The threads that wait for the lock that this one waits for, and whose owner has ended.
    func orphanWaiters(of thread: ThreadRecord) -> [Int32] {
        thread.lockSubject.flatMap { orphans[$0] } ?? []
    }

    /// The threads whose locks others wait for, by id.
    var lockOwners: [Int32] { lockWaiters.keys.sorted() }

    /// The locks whose owners have ended and that others wait for, by the first waiter.
    var orphanedLocks: [(lock: Subject, waiters: [Int32])] {
        orphans.map { ($0.key, $0.value) }.sorted { $0.1[0] < $1.1[0] }
    }

    // MARK: Nodes

    /// The node of a subject, if anything mentions it.
    func node(_ subject: Subject) -> Int32? { index.node(of: subject) ?? others[subject] }

    /// The task of a node; nil for other nodes.
    func task(at node: Int32) -> TaskRecord? {
        Int(node) < firstThread ? snapshot.tasks[Int(node)] : nil
    }

    /// The thread of a node; nil for other nodes.
    func thread(at node: Int32) -> ThreadRecord? {
        (firstThread..<firstActor).contains(Int(node))
            ? snapshot.threads[Int(node) - firstThread] : nil
    }

    /// The thread with this id.
    func thread(_ id: Int32) -> ThreadRecord? { index.node(ofThread: id).flatMap(thread(at:)) }

    /// The task with this id.
    func task(_ id: UInt64) -> TaskRecord? { index.node(ofTask: id).flatMap(task(at:)) }

    // MARK: What moves

    /// What was seen by watching, if it can tell anything: of a process that job control has
    /// stopped, nothing can move.
    var stillness: Stillness? { snapshot.capture.wasJobStopped ? nil : snapshot.stillness }

    /// Whether it can be watched, and has not been for as long as was asked.
    var canLookAgain: Bool {
        snapshot.stillness?.isComplete != true && snapshot.capture.source == .live
            && !snapshot.capture.wasJobStopped
    }

    /// How sure something is that has not moved so far, and whether watching on would make it
    /// surer: standing still counts once it has lasted for as long as was asked.
    var certaintySoFar: (Finding.Confidence, couldRise: Bool) {
        stillness?.isComplete == true ? (.likely, false) : (.hint, canLookAgain)
    }

    /// Whether the wait of a thread ends by itself so soon that it may be meant to, and yet too
    /// late for the watching to see it: a turn of work that comes every few seconds.
    func endsSoon(_ thread: ThreadRecord) -> Bool {
        guard let stillness, let wait = thread.wait, let left = wait.mostTimeLeft else {
            return false
        }
        return left <= wait.soon && left > stillness.patience - 500_000_000
    }

    /// How sure it is that these threads stand still and will, and whether watching on would make
    /// it surer. Nil where one of them was seen to run.
    func certainty(thatStand threads: [ThreadRecord]) -> (Finding.Confidence, couldRise: Bool)? {
        guard let stillness else {
            let areBlocked = threads.allSatisfy { $0.wait != nil && unstopped[$0.id] == nil }
            return (.hint, canLookAgain && areBlocked)
        }
        guard threads.allSatisfy({ stillness.threads.contains($0.id) }) else { return nil }
        let standFirm = threads.allSatisfy {
            $0.wait != nil && unstopped[$0.id] == nil && !endsSoon($0)
        }
        return standFirm ? certaintySoFar : (.hint, false)
    }

    /// The same where one picture says nearly all: watching could only show that it is not so. It
    /// is believed where nobody can watch.
    func certainty(
        thatStandForGood threads: [ThreadRecord]
    ) -> (Finding.Confidence, couldRise: Bool)? {
        stillness == nil && !canLookAgain ? (.likely, false) : certainty(thatStand: threads)
    }

    /// The same for tasks.
    func certainty(thatRest tasks: [UInt64]) -> (Finding.Confidence, couldRise: Bool)? {
        guard let stillness else { return (.hint, canLookAgain) }
        return tasks.allSatisfy { stillness.tasks.contains($0) } ? certaintySoFar : nil
    }

    /// Whether every thread of the process rests, and not one was about to run, so that who is
    /// queued now is served by nobody; nil where nobody has watched. Idle workers may wake up now
    /// and then, and who sleeps for a while may serve when it wakes.
    var isQuiet: Bool? {
        guard let stillness else { return nil }
        return snapshot.threads.allSatisfy { thread in
            guard let wait = thread.wait, thread.state != .running, unstopped[thread.id] == nil
            else { return thread.state == .zombie }
            return wait.isIdle || (stillness.threads.contains(thread.id) && !endsSoon(thread))
        }
    }

    /// Nanoseconds for which what has not moved was watched; nil where it was not.
    var watched: Int64? { stillness?.nanoseconds }

    /// The same as evidence.
    var secondLook: Finding.Fact? {
        watched.map { .unchanged(nanoseconds: $0) }
    }

    /// Why what is said of a thread is of another moment than the rest; nil where it is not.
    func doubt(about subjects: [Subject]) -> Finding.Fact? {
        for case .thread(let id) in subjects {
            guard let gap = unstopped[id] else { continue }
            return .notStopped(thread: id, because: gap.detail)
        }
        return nil
    }
}
