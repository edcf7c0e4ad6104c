/// A snapshot with what follows from it, as the rules look at it.
struct Scene {
    let snapshot: Snapshot
    let index: RecordIndex
    let graph: WaitGraph
    /// Circles of arrows that are certain, as places among the graph's arrows.
    let cycles: [[Int]]
    /// The pool's threads, if all of them are blocked.
    var pool: PoolCensus? { census.flatMap { $0.idle.isEmpty ? $0 : nil } }
    /// The pool's threads, if some are blocked and the others idle.
    let census: PoolCensus?
    let words: Words
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
        index = RecordIndex(snapshot)
        (graph, others) = WaitGraphBuilder.build(snapshot, index)
        cycles = Cycles.find(in: graph) { $0.isCertain }
        census = PoolCensus(snapshot)
        words = Words(snapshot, index)
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
    func thread(_ id: Int32) -> ThreadRecord? { index.thread(id).flatMap(thread(at:)) }

    /// The task with this id.
    func task(_ id: UInt64) -> TaskRecord? { index.task(id).flatMap(task(at:)) }

    /// Whether somebody waits at this node in one of these ways.
    func someoneArrives(at node: Int32, by kinds: Set<Edge.Kind>) -> Bool {
        graph.arriving(at: node).contains { kinds.contains(graph.arrows[Int($0)].kind) }
    }

    // MARK: What moves

    /// The second look, if it can tell anything: of a process that job control has stopped,
    /// nothing can move.
    var stillness: Stillness? { snapshot.capture.wasJobStopped ? nil : snapshot.stillness }

    /// Whether a second look is possible and has not been taken.
    var canLookAgain: Bool {
        snapshot.stillness == nil && snapshot.capture.source == .live
            && !snapshot.capture.wasJobStopped
    }

    /// Whether a thread sleeps so long, or waits for a signal without end, that one picture shows
    /// that it does not come back soon.
    func isAsleepForLong(_ thread: ThreadRecord) -> Bool {
        guard let wait = thread.wait, wait.kind == .sleep || wait.kind == .signal,
            !wait.hasUnknownTimeout
        else { return false }
        return wait.timeLeft.map { $0 > 1_000_000_000 } ?? true
    }

    /// How sure it is that these threads stand still and will, and whether looking again would
    /// make it surer. Nil where a second look saw one of them run.
    func certainty(thatStand threads: [ThreadRecord]) -> (Finding.Confidence, couldRise: Bool)? {
        if threads.allSatisfy({ unstopped[$0.id] == nil && isAsleepForLong($0) }) {
            return (.likely, false)
        }
        let areBlocked = threads.allSatisfy { $0.wait != nil && unstopped[$0.id] == nil }
        guard let stillness else { return (.hint, canLookAgain && areBlocked) }
        guard threads.allSatisfy({ stillness.threads.contains($0.id) }) else { return nil }
        return (areBlocked ? .likely : .hint, false)
    }

    /// The same for tasks.
    func certainty(thatRest tasks: [UInt64]) -> (Finding.Confidence, couldRise: Bool)? {
        guard let stillness else { return (.hint, canLookAgain) }
        return tasks.allSatisfy { stillness.tasks.contains($0) } ? (.likely, false) : nil
    }

    /// Whether every thread of the process rests, and not one was about to run: who is queued now
    /// is served by nobody. Idle workers may wake up now and then.
    var isQuiet: Bool {
        guard let stillness else { return false }
        return snapshot.threads.allSatisfy { thread in
            guard let wait = thread.wait, thread.state != .running, unstopped[thread.id] == nil
            else { return thread.state == .zombie }
            return wait.isIdle || stillness.threads.contains(thread.id)
        }
    }

    /// The second look as a line of evidence; nil where there was none.
    var secondLook: String? {
        stillness.map { "nothing of it had moved \(Words.duration($0.nanoseconds)) later" }
    }

    /// Why what is said of a thread is of another moment than the rest; nil where it is not.
    func doubt(about subjects: [Subject]) -> String? {
        for case .thread(let id) in subjects {
            guard let gap = unstopped[id] else { continue }
            let detail = gap.detail.map { " (\($0))" } ?? ""
            return "unsure: thread \(id) could not be stopped\(detail)"
        }
        return nil
    }
}
