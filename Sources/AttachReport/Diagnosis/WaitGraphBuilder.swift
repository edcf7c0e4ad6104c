/// Makes the wait graph out of a snapshot.
///
/// Nodes: all tasks in their order, all threads, all actors, all groups, and then whatever else is
/// mentioned. What mentions itself only once (a continuation) is not entered in a dictionary.
struct WaitGraphBuilder {
    private let snapshot: Snapshot
    private let index: RecordIndex
    private var subjects: [Subject] = []
    private var arrows: [WaitGraph.Arrow] = []
    private var others: [Subject: Int32] = [:]

    private init(_ snapshot: Snapshot, _ index: RecordIndex) {
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
        _ snapshot: Snapshot, _ index: RecordIndex
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
        _ from: Int32, _ kind: Edge.Kind, _ to: Int32, certain: Bool = true, _ evidence: String
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
                if let thread = task.thread, let there = index.thread(thread) {
                    add(here, .runsOn, there, "the task that the thread has as its current one")
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
            if let other = index.task(id), snapshot.tasks[Int(other)].state == .completed { return }
            add(here, .awaits, node(.task(id)), "the task's dependency record names the other")
        case .group(let address):
            add(here, .hasChild, node(.group(address)), "the task's dependency record names it")
        case .continuation:
            let there = append(.continuation(of: task.id))
            add(here, .suspendedIn, there, "the task's dependency record names it")
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
            let evidence: String
            switch holder {
            case .stack(let id), .register(let id):
                resumer = index.thread(id)
                evidence = "the thread's registers or stack refer to it"
            case .frame(let id):
                resumer = index.task(id).flatMap {
                    id == task.id || snapshot.tasks[Int($0)].state == .completed ? nil : $0
                }
                evidence = "the task's frame refers to it"
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
        let evidence = "the task's dependency record names it"
        switch task.wait {
        case .actor(let address, _): add(here, .queuedOn, node(.actor(address)), evidence)
        case .mainActor: add(here, .queuedOn, node(.mainActor), evidence)
        case .executor(let address, _): add(here, .queuedOn, node(.executor(address)), evidence)
        case .globalExecutor: add(here, .queuedOn, node(.globalExecutor), evidence)
        case .yield, .none, .task, .continuation, .sleep, .stream, .group, .unknown:
            // It was resumed, and the record of its last wait still stands. The queues know.
            if let actor = index.queue(holding: task.id) {
                add(here, .queuedOn, actor, "it is in that queue")
            }
        }
    }

    // MARK: Groups

    private mutating func addGroups() {
        for group in snapshot.groups {
            guard let here = index.group(group.address) else { continue }
            for child in group.children {
                guard let there = index.task(child),
                    snapshot.tasks[Int(there)].state != .completed
                else { continue }
                add(here, .hasChild, there, "it is in the group's list of children")
            }
        }
    }

    // MARK: Actors

    private mutating func addActors() {
        for (number, actor) in snapshot.actors.enumerated() {
            let here = index.actorNode(at: number)
            switch actor.kind {
            case .globalExecutor: continue
            case .main: addMainActor(actor, at: here)
            case .default, .customExecutor, .taskExecutor:
                if actor.state == .scheduled {
                    add(
                        here, .queuedOn, node(.globalExecutor),
                        "its state says that a job of it is queued")
                } else {
                    addHolder(of: actor, at: here)
                }
            }
        }
        if !snapshot.actors.contains(where: { $0.kind == .main }),
            let server = MainQueue.blockedServer(snapshot, nil), let there = index.thread(server)
        {
            add(node(.mainActor), .heldBy, there, "only this thread serves the main queue")
        }
        addPool()
    }

    private mutating func addMainActor(_ actor: ActorRecord, at here: Int32) {
        if actor.state == .running, actor.thread != nil || actor.task != nil {
            addHolder(of: actor, at: here)
        } else if let server = MainQueue.blockedServer(snapshot, actor),
            let there = index.thread(server)
        {
            add(here, .heldBy, there, "only this thread serves the main queue")
        }
    }

    private mutating func addHolder(of actor: ActorRecord, at here: Int32) {
        let task = actor.task.flatMap { index.task($0) }
        if let task { add(here, .heldBy, task, "the task runs on it") }
        guard let thread = actor.thread.flatMap({ index.thread($0) }) else { return }
        // The way through the task leads to the same thread.
        if let task, snapshot.tasks[Int(task)].thread == actor.thread { return }
        add(here, .heldBy, thread, "the thread says that it runs on it")
    }

    /// The pool waits for its threads, once each of them is blocked.
    private mutating func addPool() {
        guard let census = PoolCensus(snapshot), census.idle.isEmpty else { return }
        let pool = node(.globalExecutor)
        for worker in census.workers {
            guard let there = index.thread(snapshot.threads[worker].id) else { continue }
            add(pool, .heldBy, there, certain: false, "one of the pool's threads, all blocked")
        }
    }

    // MARK: Threads

    private mutating func addThreads() {
        for thread in snapshot.threads {
            guard let wait = thread.wait, !wait.isIdle, let here = index.thread(thread.id) else {
                continue
            }
            let owner = wait.owner.flatMap { index.thread($0) }
            let evidence = wait.evidence ?? "the system call it sits in"
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
