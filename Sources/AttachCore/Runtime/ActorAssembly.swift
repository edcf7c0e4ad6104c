import AttachReport

/// Puts together what there is to say of actors and executors.
struct ActorAssembly {
    /// A task that waits for its turn somewhere.
    private struct Waiting {
        var actors: [UInt64: [UInt64]] = [:]
        var serial: [UInt64: [UInt64]] = [:]
        var preferred: [UInt64: [UInt64]] = [:]
        var main: [UInt64] = []
        var global: [UInt64] = []
    }

    private var view: RuntimeView
    private let census: ObjectCensus
    private let queues: DispatchQueues
    private let threads: [CapturedThread]
    /// With which the process began.
    private let initialThread: Int32
    private var executors: ExecutorWaits
    private var walk: BoundedWalk
    private var layout = DefaultActor.Layout.twoLists
    /// What could not be read.
    var gaps: [Gap] { view.gaps.gaps }

    init(
        view: RuntimeView, census: ObjectCensus, target: Target
    ) {
        var view = view
        view.gaps = GapLog()
        self.census = census
        threads = target.threads
        initialThread = target.capture.process.pid
        queues = DispatchQueues(&view, images: target.images)
        executors = ExecutorWaits(symbols: view.symbols, memory: view.reader.memory)
        walk = BoundedWalk(limit: view.linkLimit, total: 4 * view.linkLimit)
        self.view = view
    }

    /// Every actor and executor, the global pool and the main actor first, then by address.
    mutating func records(
        of tasks: [TaskDecoder.Decoded], occupants: ExecutorOccupants
    ) -> [ActorRecord] {
        let waiting = waiting(tasks)
        layout = likeliestLayout(waiting, occupants)
        let jobs = Set(census.jobs)
        var records = [globalExecutor(waiting, jobs)]
        var actors = Set(waiting.actors.keys)
        var serial = Set(waiting.serial.keys)
        var main: [ExecutorOccupants.Occupant] = []
        var busy: [UInt64: [ExecutorOccupants.Occupant]] = [:]
        for (executor, occupants) in occupants.serial {
            switch kind(of: executor) {
            case .mainActor: main += occupants
            case .actor:
                actors.insert(executor.identity)
                busy[executor.identity, default: []] += occupants
            default:
                serial.insert(executor.identity)
                busy[executor.identity, default: []] += occupants
            }
        }
        records.append(mainActor(waiting, jobs, main))
        for actor in scheduledActors() { actors.insert(actor) }
        var others: [UInt64] = []
        for actor in census.actors where !serial.contains(actor) {
            guard let isa = view.reader.word(actor), let type = census.classes[isa],
                !type.isMainActor
            else { continue }
            if type.isDefault { actors.insert(actor) } else { others.append(actor) }
        }
        records += actors.sorted().map { defaultActor($0, waiting, busy[$0] ?? []) }
        records += others.map { actorWithExecutor($0) }
        records += serial.sorted().map { address in
            executor(address, .customExecutor, waiting.serial[address], busy[address])
        }
        let preferred = Set(waiting.preferred.keys).union(occupants.task.keys).subtracting(serial)
        records += preferred.sorted().map { address in
            executor(
                address, .taskExecutor, waiting.preferred[address], occupants.task[address])
        }
        if census.isCut {
            view.gaps.add(.actors, .limit, "too many objects were seen to look at all of them")
        }
        return records
    }

    /// Where the runtime does not say how its actors lie in memory: as agrees best with those who
    /// wait for them, and with those who are on them.
    private mutating func likeliestLayout(
        _ waiting: Waiting, _ occupants: ExecutorOccupants
    ) -> DefaultActor.Layout {
        var best = (layout: view.layout.actors.first ?? .twoLists, score: 0)
        for layout in view.layout.actors where view.layout.actors.count > 1 {
            var score = 0
            for (address, ids) in waiting.actors {
                guard let actor = DefaultActor(address, layout, &view.reader) else { continue }
                let queue = ActorQueue(of: actor, walk: &walk, &view)
                score += Set(queue.jobs).intersection(ids.map(ActorRecord.Job.task)).count
            }
            for executor in occupants.serial.keys where executor.implementation == 0 {
                let actor = DefaultActor(executor.identity, layout, &view.reader)
                if actor?.state == .running { score += 1 }
            }
            if score > best.score { best = (layout, score) }
        }
        return best.layout
    }

    private mutating func kind(of executor: ExecutorOccupants.Executor) -> Wait.Kind {
        executors.wait(
            identity: executor.identity, implementation: executor.implementation, preference: 0,
            types: &view.types, reader: &view.reader
        ).kind
    }

    private mutating func waiting(_ tasks: [TaskDecoder.Decoded]) -> Waiting {
        var waiting = Waiting()
        for task in tasks where task.record.state == .enqueued {
            let id = task.record.id
            switch task.record.wait {
            case .actor(let address, _): waiting.actors[address.value, default: []].append(id)
            case .mainActor: waiting.main.append(id)
            case .globalExecutor: waiting.global.append(id)
            case .executor(let address, _):
                let wait = TaskDependency(
                    of: view.tasks[task.position], layout: view.layout, reader: &view.reader)
                if wait?.subject == address.value {
                    waiting.serial[address.value, default: []].append(id)
                } else {
                    waiting.preferred[address.value, default: []].append(id)
                }
            default: break
            }
        }
        return waiting
    }

    /// The actors that queued jobs are to run.
    private mutating func scheduledActors() -> [UInt64] {
        census.jobs.compactMap { job in
            guard let raw = view.reader.half(job &+ JobLayout.flags),
                JobFlags(rawValue: raw).kind == JobFlags.actorKind,
                let actor = view.reader.word(job, JobLayout.context),
                let isa = view.reader.word(actor), let type = ActorClass(isa, &view.reader),
                type.isDefault, DefaultActor.isPlausible(actor, type, [layout], &view.reader)
            else { return nil }
            return actor
        }
    }

    /// Actors of which there is no other of the same type, by the name of the type with its module.
    ///
    /// What is in the middle of a method of such a type is in the middle of one of this actor's.
    func soleActors() -> [String: Address] {
        guard !census.isCut else { return [:] }
        var reader = view.reader
        var counts: [UInt64: (count: Int, first: UInt64)] = [:]
        for actor in census.actors {
            guard let isa = reader.word(actor) else { continue }
            counts[isa, default: (0, actor)].count += 1
        }
        var found: [String: Address?] = [:]
        for (isa, entry) in counts {
            guard let type = census.classes[isa], let module = type.declaration.module,
                !type.isMainActor
            else { continue }
            // Of a generic type each kind of arguments has a class of its own.
            let name = module + "." + type.declaration.path
            found[name] = .some(
                entry.count == 1 && found[name] == nil ? Address(entry.first) : nil)
        }
        return found.compactMapValues(\.self)
    }

    // MARK: Actors

    private mutating func defaultActor(
        _ address: UInt64, _ waiting: Waiting, _ occupants: [ExecutorOccupants.Occupant]
    ) -> ActorRecord {
        let queued = waiting.actors[address] ?? []
        var record = ActorRecord(
            subject: .actor(Address(address)), kind: .default,
            type: view.types.nameOfObject(address, &view.reader), state: .unknown)
        guard let isa = view.reader.word(address),
            let type = census.classes[isa] ?? ActorClass(isa, &view.reader),
            type.isDefault, let actor = DefaultActor(address, layout, &view.reader)
        else {
            record.queue = queued.sorted().map(ActorRecord.Job.task)
            record.isQueueComplete = false
            view.gaps.add(
                .actor, at: address, .inconsistent, "tasks wait for it, and it looks like none")
            return record
        }
        record.state = actor.state
        record.isRemote = actor.isRemote
        let queue = ActorQueue(of: actor, walk: &walk, &view)
        settle(&record, queue.jobs, isWhole: queue.isWhole, waiting: queued)
        guard actor.state == .running || actor.state == .ending else { return record }
        occupy(&record, occupants)
        return record
    }

    /// Adds whoever says that he waits, and stands in no list. That need be no fault: a job may be
    /// on its way between two lists.
    ///
    /// - Parameter areAhead: Whether such a job has left the list already, as libdispatch takes a
    ///   whole list at once to run it, instead of not having come to it.
    private func settle(
        _ record: inout ActorRecord, _ queue: [ActorRecord.Job], isWhole: Bool, waiting: [UInt64],
        areAhead: Bool = false
    ) {
        guard !waiting.isEmpty else {
            (record.queue, record.isQueueComplete) = (queue, isWhole)
            return
        }
        let found = Set(queue)
        let missing = waiting.sorted().map(ActorRecord.Job.task).filter { !found.contains($0) }
        record.queue = areAhead ? missing + queue : queue + missing
        record.isQueueComplete = isWhole && missing.isEmpty
    }

    /// Who is on it. One thread at a time can be on a serial executor; a claim of two is none.
    private func occupy(
        _ record: inout ActorRecord, _ occupants: [ExecutorOccupants.Occupant]
    ) {
        let threads = Set(occupants.map(\.thread))
        guard threads.count == 1, let thread = threads.first else { return }
        record.thread = thread
        // The innermost is the one that runs.
        record.task = occupants.first?.task
    }

    /// An actor that runs its jobs elsewhere than in storage of its own.
    private mutating func actorWithExecutor(_ address: UInt64) -> ActorRecord {
        ActorRecord(
            subject: .actor(Address(address)), kind: .customExecutor,
            type: view.types.nameOfObject(address, &view.reader), state: .unknown,
            isQueueComplete: false)
    }

    // MARK: Executors

    private mutating func executor(
        _ address: UInt64, _ kind: ActorRecord.Kind, _ waiting: [UInt64]?,
        _ occupants: [ExecutorOccupants.Occupant]?
    ) -> ActorRecord {
        var record = ActorRecord(
            subject: .executor(Address(address)), kind: kind,
            type: view.types.nameOfObject(address, &view.reader), state: .unknown,
            queue: (waiting ?? []).sorted().map(ActorRecord.Job.task), isQueueComplete: false)
        guard let occupants, let first = occupants.first else { return record }
        record.state = .running
        if kind == .taskExecutor {
            // It may have many threads.
            guard Set(occupants).count == 1 else { return record }
            (record.thread, record.task) = (first.thread, first.task)
        } else {
            occupy(&record, occupants)
        }
        return record
    }

    private mutating func globalExecutor(_ waiting: Waiting, _ jobs: Set<UInt64>) -> ActorRecord {
        var record = ActorRecord(subject: .globalExecutor, kind: .globalExecutor, state: .unknown)
        var queue: [ActorRecord.Job] = []
        var isWhole = true
        let expected = Set(waiting.global)
        var seen: Set<UInt64> = []
        for lane in queues.global {
            // What has left a queue for the root below it comes first.
            let root = lane.root(&view.reader)
            for lane in [root, lane].compactMap(\.self) where seen.insert(lane.address).inserted {
                let items = lane.items(walk: &walk, &view.reader)
                isWhole = isWhole && items.isWhole
                queue += items.items.compactMap { job(in: $0, expected, jobs) }
            }
        }
        settle(&record, queue, isWhole: isWhole, waiting: waiting.global, areAhead: true)
        return record
    }

    private mutating func mainActor(
        _ waiting: Waiting, _ jobs: Set<UInt64>, _ occupants: [ExecutorOccupants.Occupant]
    ) -> ActorRecord {
        var record = ActorRecord(
            subject: .mainActor, kind: .main, type: "MainActor", state: .unknown)
        if let main = queues.main {
            let items = main.items(walk: &walk, &view.reader)
            let expected = Set(waiting.main)
            let queue = items.items.map {
                job(in: $0, expected, jobs) ?? .other(Address($0.address))
            }
            settle(
                &record, queue, isWhole: items.isWhole, waiting: waiting.main, areAhead: true)
            serve(&record, main)
        } else {
            record.queue = waiting.main.sorted().map(ActorRecord.Job.task)
            record.isQueueComplete = false
        }
        if !occupants.isEmpty {
            record.state = .running
            occupy(&record, occupants)
        }
        return record
    }

    /// Which thread drains the main queue, or would if there were anything in it.
    private mutating func serve(_ record: inout ActorRecord, _ main: DispatchLane) {
        let drainer = main.drainer(&view.reader).flatMap { id in
            threads.first { ($0.namespaceID ?? $0.id) == id }?.id
        }
        if main.isBound(&view.reader) == true {
            record.thread = initialThread
        } else if let drainer {
            // A worker takes the queue for as long as it runs what is in it.
            record.thread = drainer
            record.state = .running
            return
        }
        if record.queue.isEmpty, record.isQueueComplete { record.state = .idle }
    }

    /// The job in an item of a queue; nil for what is none, or not one that waits here.
    private func job(
        in item: DispatchLane.Item, _ expected: Set<UInt64>, _ jobs: Set<UInt64>
    ) -> ActorRecord.Job? {
        for address in [item.context, item.innerContext] where address != 0 {
            if let id = view.id(of: address) {
                return expected.contains(id) ? .task(id) : nil
            }
            if jobs.contains(address) { return .other(Address(address)) }
        }
        return nil
    }
}
