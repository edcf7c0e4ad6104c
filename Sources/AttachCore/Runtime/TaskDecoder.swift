import AttachReport

/// Turns the words of tasks into records.
struct TaskDecoder {
    /// A task as decoded so far, and what later steps need of it.
    struct Decoded {
        /// Its place in the view.
        var position: Int
        var record: TaskRecord
        /// Number of its stack in `stacks`.
        var stack: Int
        var stoppedBecause: String?
        var nativeFrameCount: Int?
    }

    /// The stacks that tasks stand at.
    private(set) var stacks = StackTable()
    /// The groups met.
    var groups: [GroupRecord] { groupReader.groups }
    private var groupReader: TaskGroups
    private var executors: ExecutorWaits
    private let waitAdapters: Set<UInt64>
    private var chain: ContextChain
    private var records: BoundedWalk

    private static let nameLimit = 1024

    init(_ view: inout RuntimeView) {
        groupReader = TaskGroups(symbols: view.symbols, taskCount: view.tasks.count)
        executors = ExecutorWaits(symbols: view.symbols, memory: view.reader.memory)
        chain = ContextChain(total: view.linkLimit)
        records = BoundedWalk(limit: StatusRecords.limit, total: view.linkLimit)
        waitAdapters = Self.waitAdapters(&view)
    }

    /// The known adapters, and whatever else the tasks that wait for tasks and groups resume
    /// through: the adapter for groups has no variable of its own.
    private static func waitAdapters(_ view: inout RuntimeView) -> Set<UInt64> {
        var adapters = view.location.waitAdapters.union(view.location.adapters)
        for task in view.tasks where task.status.contains(.hasDependency) {
            guard !adapters.contains(task.resume),
                let wait = TaskDependency(of: task, layout: view.layout, reader: &view.reader),
                wait.kind == .task || wait.kind == .group,
                view.reader.word(task.context, AsyncContextLayout.resumeParent) != task.resume
            else { continue }
            adapters.insert(task.resume)
        }
        return adapters
    }

    /// The task at a place in the view.
    mutating func decode(_ position: Int, _ view: inout RuntimeView) -> Decoded {
        let task = view.tasks[position]
        let facts = StatusRecords.read(from: task.records, walk: &records, reader: &view.reader)
        note(facts.trouble, of: task, &view)
        let dependency = TaskDependency(of: task, layout: view.layout, reader: &view.reader)
        let state = state(of: task, dependency, &view)
        var decoded = Decoded(
            position: position,
            record: TaskRecord(
                id: task.id, name: name(of: task, facts, &view), address: Address(task.address),
                state: state, priority: Priority(task.status.priority),
                basePriority: Priority(task.basePriority), flags: flags(of: task, facts),
                isCancelled: task.status.contains(.isCancelled),
                hasCancellationHandler: facts.hasCancellationHandler),
            stack: 0)
        decoded.record.parent = task.parent == 0 ? nil : view.id(of: task.parent)
        decoded.record.children = groupReader.children(of: task, facts, &view)
        decoded.record.group = task.group == 0 ? nil : Address(task.group)
        decoded.record.handles = handles(of: task, state)
        decoded.record.resultType = view.types.name(task.resultType, &view.reader)
        switch state {
        case .completed:
            decoded.record.result = result(of: task, &view)
        case .running:
            break
        case .created, .enqueued, .suspended:
            decoded.record.wait = wait(of: task, state, dependency, facts, &view)
            followStack(of: task, into: &decoded, &view)
        }
        return decoded
    }

    // MARK: State

    private func state(
        of task: TaskHeader, _ dependency: TaskDependency?, _ view: inout RuntimeView
    ) -> TaskRecord.State {
        if view.isComplete(task) { return .completed }
        if view.isRunning(task) { return .running }
        if let dependency { return dependency.kind == .executor ? .enqueued : .suspended }
        if task.status.contains(.isEnqueued) { return .enqueued }
        return view.isUnstarted(task) ? .created : .suspended
    }

    private func flags(of task: TaskHeader, _ facts: StatusRecords) -> [TaskRecord.Flag] {
        var flags: [TaskRecord.Flag] = []
        if task.flags.contains(.isChild) { flags.append(.child) }
        if task.flags.contains(.isAsyncLet) { flags.append(.asyncLet) }
        if task.flags.contains(.isGroupChild) { flags.append(.groupChild) }
        if facts.prefersNone { flags.append(.immediate) }
        if facts.executor != 0 { flags.append(.hasExecutorPreference) }
        if task.status.contains(.isEscalated) { flags.append(.escalated) }
        return flags
    }

    /// One reference is the task's own while it has not ended; the rest are handles and waiters.
    private func handles(of task: TaskHeader, _ state: TaskRecord.State) -> Int? {
        guard let extra = task.strongExtra else { return nil }
        return state == .completed && !task.flags.contains(.isGroupChild) ? extra + 1 : extra
    }

    private func name(
        of task: TaskHeader, _ facts: StatusRecords, _ view: inout RuntimeView
    ) -> String? {
        let place = task.name != 0 ? task.name : facts.name
        guard place != 0 else { return nil }
        guard let name = view.reader.memory.text(Address(place), limit: Self.nameLimit) else {
            view.gaps.add(.name, ofTask: task.id, at: place, .unmapped)
            return nil
        }
        guard !name.isWhole else { return name.string }
        view.gaps.add(
            .name, ofTask: task.id, at: place, .limit,
            "it has more than \(Self.nameLimit) bytes")
        return name.string + "…"
    }

    private func result(of task: TaskHeader, _ view: inout RuntimeView) -> TaskRecord.Result? {
        switch task.waitQueue & TaskFragments.resultMask {
        case TaskFragments.resultIsThere: return .success
        case TaskFragments.resultIsError:
            let box = ErrorBox(task.error, &view.reader)
            return .error(
                type: box.flatMap { view.types.name($0.type, &view.reader) },
                case: box.flatMap { $0.caseName(&view.types, &view.reader) })
        default: return nil
        }
    }

    private func note(
        _ trouble: StatusRecords.Trouble?, of task: TaskHeader, _ view: inout RuntimeView
    ) {
        switch trouble {
        case nil:
            // Whole even while somebody holds the lock: a record comes and goes by one write to
            // the head or to the link before it (TaskStatus.cpp).
            break
        case .stopped(let stop)?:
            view.gaps.add(.statusRecords, ofTask: task.id, stop == .cycle ? .cycle : .limit)
        case .unreadable(let record)?:
            view.gaps.add(.statusRecords, ofTask: task.id, at: record, .unmapped)
        }
    }

    // MARK: Wait

    private mutating func wait(
        of task: TaskHeader, _ state: TaskRecord.State, _ dependency: TaskDependency?,
        _ facts: StatusRecords, _ view: inout RuntimeView
    ) -> Wait {
        guard let dependency else { return state == .created ? .none : .unknown }
        switch dependency.kind {
        case .task:
            if let id = view.id(of: dependency.subject) { return .task(id) }
            view.gaps.add(
                .awaitedTask, ofTask: task.id, at: dependency.subject, .inconsistent)
            return .unknown
        case .continuation:
            return .continuation
        case .group:
            return .group(Address(dependency.subject))
        case .executor:
            return executors.wait(
                identity: dependency.subject, implementation: dependency.implementation,
                preference: facts.executor, types: &view.types, reader: &view.reader)
        }
    }

    // MARK: Stack

    /// The stack that a task was suspended with.
    mutating func followStack(
        of task: TaskHeader, into decoded: inout Decoded, _ view: inout RuntimeView
    ) {
        chain.clear()
        if view.isUnstarted(task) {
            if let entry = EntryPoint(of: task, &view.reader) { chain.append(entry.function) }
            chain.finish()
            decoded.stack = stacks.number(of: chain.points)
            return
        }
        // A resume function that the innermost context names, too, is one frame; an adapter none.
        let isNamedTwice =
            view.reader.word(task.context, AsyncContextLayout.resumeParent) == task.resume
        if !isNamedTwice || task.context == task.root, !waitAdapters.contains(task.resume) {
            chain.append(task.resume)
        }
        finishStack(from: task.context, of: task, into: &decoded, &view)
    }

    /// Gives a task a stack of these functions.
    mutating func setStack(_ points: [UInt64], of decoded: inout Decoded) {
        decoded.stack = stacks.number(of: points)
    }

    /// The async callers of a running task's async frame.
    mutating func followCallers(
        from context: UInt64, of task: TaskHeader, into decoded: inout Decoded,
        _ view: inout RuntimeView
    ) {
        chain.clear()
        finishStack(from: context, of: task, into: &decoded, &view)
    }

    private mutating func finishStack(
        from context: UInt64, of task: TaskHeader, into decoded: inout Decoded,
        _ view: inout RuntimeView
    ) {
        let end = chain.follow(
            from: context, root: task.root, reader: &view.reader, code: view.code)
        chain.finish()
        decoded.stack = stacks.number(of: chain.points)
        guard let words = end.words else { return }
        decoded.stoppedBecause = words
        view.gaps.add(.contextChain, ofTask: task.id, end.reason, words)
    }
}
