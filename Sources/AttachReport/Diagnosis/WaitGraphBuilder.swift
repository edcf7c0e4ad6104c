/// Makes the wait graph out of a snapshot.
///
/// Nodes: all tasks in their order, all threads, all actors, all groups, and then whatever else is
/// mentioned. What mentions itself only once (a continuation) is not entered in a dictionary.
struct WaitGraphBuilder {
    private let snapshot: Snapshot
    private let index: SnapshotIndex
    private var subjects: [Subject] = []
    private var arrows: [WaitGraph.Arrow] = []
    private var others: [Subject: Int32] = [:]

    private init(_ snapshot: Snapshot, _ index: SnapshotIndex) {
        self.snapshot = snapshot
        self.index = index
        let expected =
            snapshot.tasks.count * 2 + snapshot.threads.count + snapshot.actors.count
            + snapshot.groups.count
        subjects.reserveCapacity(expected)
        arrows.reserveCapacity(expected)
        for task in snapshot.tasks { subjects.append(.task(task.id)) }
        for thread in snapshot.threads { subjects.append(.thread(thread.id)) }
        for actor in snapshot.actors { subjects.append(actor.subject) }
        for group in snapshot.groups { subjects.append(.group(group.address)) }
    }

    /// The graph, and the nodes of what is not a task, thread, actor record or group record.
    static func build(
        _ snapshot: Snapshot, _ index: SnapshotIndex
    ) -> (graph: WaitGraph, others: [Subject: Int32]) {
        var builder = WaitGraphBuilder(snapshot, index)
        builder.addTasks()
        builder.addGroups()
        builder.addActors()
        builder.addThreads()
        return (WaitGraph(subjects: builder.subjects, arrows: builder.arrows), builder.others)
    }

    // MARK: Nodes

    private mutating func node(_ subject: Subject) -> Int32 {
        if let known = index.node(of: subject) { return known }
        if let known = others[subject] { return known }
        let node = append(subject)
        others[subject] = node
        return node
    }

    private mutating func append(_ subject: Subject) -> Int32 {
        subjects.append(subject)
        return Int32(truncatingIfNeeded: subjects.count - 1)
    }

    private mutating func add(
        _ from: Int32, _ kind: Edge.Kind, _ to: Int32, certain: Bool = true,
        _ evidence: Edge.Evidence
    ) {
        arrows.append(
            WaitGraph.Arrow(
                from: from, to: to, kind: kind, isCertain: certain, evidence: evidence))
    }

    // MARK: Tasks

    private mutating func addTasks() {
        for (number, task) in snapshot.tasks.enumerated() {
            let here = Int32(truncatingIfNeeded: number)
            switch task.state {
            case .suspended: addWait(of: task, at: here)
            case .enqueued: addQueue(of: task, at: here)
            case .running:
                if let thread = task.thread, let there = index.node(ofThread: thread) {
                    add(here, .runsOn, there, .currentTask)
                }
            case .created, .completed: break
            }
        }
    }

    private mutating func addWait(of task: TaskRecord, at here: Int32) {
        switch task.wait {
        case .task(let id):
            // The end of a task makes its waiters ready: whoever still waits for a task that has
            // ended was caught in between.
            if let other = index.node(ofTask: id), snapshot.tasks[Int(other)].state == .completed {
                return
            }
            add(here, .awaits, node(.task(id)), .dependencyOnTask)
        case .group(let address):
            add(here, .hasChild, node(.group(address)), .dependency)
        case .continuation:
            let there = append(.continuation(of: task.id))
            add(here, .suspendedIn, there, .dependency)
            addHolders(of: task, to: there)
        case .none, .sleep, .stream, .yield, .actor, .mainActor, .executor, .globalExecutor,
            .unknown:
            break
        }
    }

    private mutating func addHolders(of task: TaskRecord, to continuation: Int32) {
        guard case .held(let holders)? = task.continuation?.reach else { return }
        var known: [Int32] = []
        for holder in holders.prefix(8) {
            let resumer: Int32?
            let evidence: Edge.Evidence
            switch holder {
            case .stack(let id), .register(let id):
                resumer = index.node(ofThread: id)
                evidence = .referenceOfThread
            case .frame(let id):
                resumer = index.node(ofTask: id).flatMap {
                    id == task.id || snapshot.tasks[Int($0)].state == .completed ? nil : $0
                }
                evidence = .referenceOfFrame
            case .threadLocal, .kernel, .global, .closureContext, .error, .storage, .object,
                .allocation, .mapping:
                continue
            }
            guard let resumer, !known.contains(resumer) else { continue }
            known.append(resumer)
            add(continuation, .resumableBy, resumer, certain: false, evidence)
        }
    }

    private mutating func addQueue(of task: TaskRecord, at here: Int32) {
        let evidence = Edge.Evidence.dependency
        switch task.wait {
        case .actor(let address, _): add(here, .queuedOn, node(.actor(address)), evidence)
        case .mainActor: add(here, .queuedOn, node(.mainActor), evidence)
        case .executor(let address, _): add(here, .queuedOn, node(.executor(address)), evidence)
        case .globalExecutor: add(here, .queuedOn, node(.globalExecutor), evidence)
        case .yield, .none, .task, .continuation, .sleep, .stream, .group, .unknown:
            // It was resumed, and the record of its last wait still stands. The queues know.
            if let actor = index.queue(holding: task.id) {
                add(here, .queuedOn, actor, .queue)
            }
        }
    }

    // MARK: Groups

    private mutating func addGroups() {
        for group in snapshot.groups {
            guard let here = index.node(ofGroup: group.address) else { continue }
            for child in group.children {
                guard let there = index.node(ofTask: child),
                    snapshot.tasks[Int(there)].state != .completed
                else { continue }
                add(here, .hasChild, there, .groupChild)
            }
        }
    }

    // MARK: Actors

    private mutating func addActors() {
        for (number, actor) in snapshot.actors.enumerated() {
            let here = index.node(ofActorAt: number)
            switch actor.kind {
            case .globalExecutor: continue
            case .main: addMainActor(actor, at: here)
            case .default, .customExecutor, .taskExecutor:
                if actor.state == .scheduled {
                    add(
                        here, .queuedOn, node(.globalExecutor),
                        .scheduled)
                } else {
                    addHolder(of: actor, at: here)
                }
            }
        }
        if !snapshot.actors.contains(where: { $0.kind == .main }),
            let server = MainQueue.blockedServer(snapshot, nil),
            let there = index.node(ofThread: server)
        {
            add(node(.mainActor), .heldBy, there, .onlyServer)
        }
        addPool()
    }

    private mutating func addMainActor(_ actor: ActorRecord, at here: Int32) {
        if actor.state == .running, actor.thread != nil || actor.task != nil {
            addHolder(of: actor, at: here)
        } else if let server = MainQueue.blockedServer(snapshot, actor),
            let there = index.node(ofThread: server)
        {
            add(here, .heldBy, there, .onlyServer)
        }
    }

    private mutating func addHolder(of actor: ActorRecord, at here: Int32) {
        let task = actor.task.flatMap { index.node(ofTask: $0) }
        if let task { add(here, .heldBy, task, .taskRunsOn) }
        guard let thread = actor.thread.flatMap({ index.node(ofThread: $0) }) else { return }
        // The way through the task leads to the same thread.
        if let task, snapshot.tasks[Int(task)].thread == actor.thread { return }
        add(here, .heldBy, thread, .threadRunsOn)
    }

    /// The pool waits for its threads, once each of them is blocked.
    private mutating func addPool() {
        guard let census = PoolCensus(snapshot), census.idle.isEmpty else { return }
        let pool = node(.globalExecutor)
        for worker in census.workers {
            guard let there = index.node(ofThread: snapshot.threads[worker].id) else { continue }
            add(pool, .heldBy, there, certain: false, .blockedWorker)
        }
    }

    // MARK: Threads

    private mutating func addThreads() {
        for thread in snapshot.threads {
            guard let wait = thread.wait, !wait.isIdle, let here = index.node(ofThread: thread.id)
            else {
                continue
            }
            let owner = wait.owner.flatMap { index.node(ofThread: $0) }
            let evidence = Edge.Evidence.threadWait(wait.evidence)
            // Who has a recursive lock does not wait for it: then the owner was misread.
            let isCertain =
                !wait.mayEndByItself && !(wait.kind == .recursiveLock && owner == here)
            if wait.kind == .join {
                if let owner { add(here, .joins, owner, certain: isCertain, evidence) }
            } else if let object = wait.object {
                let there = node(wait.kind == .dispatchSync ? .queue(object) : .lock(object))
                add(here, .waitsFor, there, certain: isCertain, evidence)
                if let owner { add(there, .ownedBy, owner, certain: true, evidence) }
            } else if let owner {
                add(here, .waitsFor, owner, certain: isCertain, evidence)
            }
        }
    }
}

extension ThreadWait {
    /// Whether it has a time-out, so far as one can tell.
    var mayEndByItself: Bool { timeLeft != nil || hasUnknownTimeout }
}
