import AttachReport

/// Puts together what there is to say of the tasks of one runtime.
struct TaskAssembly {
    private var view: RuntimeView
    private let target: Target
    private let stacks: [Int32: NativeStack]
    private var occupants = ExecutorOccupants()

    init(
        view: RuntimeView, target: Target, stacks: [Int32: NativeStack]
    ) {
        self.view = view
        self.target = target
        self.stacks = stacks
    }

    private var images: ImageTable { target.images }
    private var threads: [CapturedThread] { target.threads }

    /// Decodes every task, helpers aside, into `state`.
    mutating func assemble(into state: inout RuntimeState) {
        let sleeps = SleepHelpers(&view)
        var decoder = TaskDecoder(&view)
        var decoded: [TaskDecoder.Decoded] = []
        var positions: [Int: Int] = [:]
        decoded.reserveCapacity(view.tasks.count - sleeps.helpers.count)
        for position in view.tasks.indices where !sleeps.helpers.contains(position) {
            var one = decoder.decode(position, &view)
            if one.record.wait == .continuation, sleeps.sleepers.contains(position) {
                one.record.wait = .sleep
            }
            if one.record.state == .running { positions[position] = decoded.count }
            decoded.append(one)
        }
        lookThroughThunks(&decoded, &decoder)
        let census = ObjectCensus(
            &view.reader, jobISA: view.location.jobISA, layouts: view.layout.actors)
        refineContinuations(&decoded, decoder.stacks.stacks, census.jobs)
        placeRunning(&decoded, positions, &decoder)
        let stackTable = decoder.stacks.stacks
        state.tasks = decoded.map {
            RawTask(
                record: $0.record, resumePoints: stackTable[$0.stack],
                stoppedBecause: $0.stoppedBecause, nativeFrameCount: $0.nativeFrameCount)
        }
        state.groups = decoder.groups
        var actors = ActorAssembly(
            view: view, census: census, target: target)
        state.actors = actors.records(of: decoded, occupants: occupants)
        state.soleActors = actors.soleActors()
        state.helpersFolded = sleeps.helpers.count
        state.helpers = sleeps.helpers.sorted().map {
            TimerHelper(address: view.tasks[$0].address, sleeper: sleeps.sleeperOfHelper[$0])
        }
        state.gaps += view.gaps.gaps + actors.gaps
    }

    // MARK: Tasks that have not started

    private mutating func lookThroughThunks(
        _ tasks: inout [TaskDecoder.Decoded], _ decoder: inout TaskDecoder
    ) {
        var unstarted: [(index: Int, entry: EntryPoint)] = []
        for (index, task) in tasks.enumerated()
        where task.record.state == .enqueued || task.record.state == .created {
            let header = view.tasks[task.position]
            if view.isUnstarted(header), let entry = EntryPoint(of: header, &view.reader) {
                unstarted.append((index, entry))
            }
        }
        guard !unstarted.isEmpty else { return }
        var points = EntryPoints(
            Symbolizer(images: images, readsLines: false))
        let functions = points.functions(
            of: unstarted.map(\.entry), &view.reader, view.code)
        for ((index, _), functions) in zip(unstarted, functions) where functions.count > 1 {
            decoder.setStack(functions, of: &tasks[index])
        }
    }

    // MARK: Continuations

    /// A task that is just being resumed is noted nowhere; others at its place still are.
    private static let askedAtOnePlace = 8

    private mutating func refineContinuations(
        _ tasks: inout [TaskDecoder.Decoded], _ stacks: [[CodeAddress]], _ jobs: [UInt64]
    ) {
        let open = tasks.indices.filter { tasks[$0].record.wait == .continuation }
        guard !open.isEmpty else { return }
        let numbers = Set(open.map { tasks[$0].stack })
        var symbolizer = Symbolizer(images: images, readsLines: false)
        let names = WaitNames(stacks: numbers.map { stacks[$0] }, symbolizer: &symbolizer)
        var waits = numbers.reduce(into: [Int: Wait]()) { $0[$1] = names.wait(of: stacks[$1]) }
        // All tasks that stand at one place wait for the same; a few of them are asked.
        var asked: [Int: Int] = [:]
        for index in open {
            let stack = tasks[index].stack
            guard waits[stack] == nil, asked[stack, default: 0] < Self.askedAtOnePlace,
                !names.hasName(of: stacks[stack])
            else { continue }
            asked[stack, default: 0] += 1
            if StreamWaits.isWaiting(view.tasks[tasks[index].position], &view.reader) {
                waits[stack] = .stream
            }
        }
        let yielded = YieldedTasks.find(among: jobs, &view.reader)
        for index in open {
            if yielded.contains(tasks[index].record.address.value) {
                tasks[index].record.wait = .yield
            } else if let wait = waits[tasks[index].stack] {
                tasks[index].record.wait = wait
            }
        }
    }

    // MARK: Running tasks

    /// Finds the threads of running tasks and joins their stacks.
    private mutating func placeRunning(
        _ tasks: inout [TaskDecoder.Decoded], _ running: [Int: Int], _ decoder: inout TaskDecoder
    ) {
        guard !running.isEmpty else { return }
        let headers = running.keys.reduce(into: [Int: TaskHeader]()) { $0[$1] = view.tasks[$1] }
        let addresses = running.keys.reduce(into: [UInt64: Int]()) {
            $0[view.tasks[$1].address] = $1
        }
        let storage = CurrentTasks(target, location: view.location, reader: &view.reader)
        var claims: [Int: [Int32]] = [:]
        var current: [Int32: CurrentTasks.Claim] = [:]
        for thread in threads {
            guard let registers = thread.registers,
                let claim = storage.claim(
                    of: registers, reader: &view.reader, running: { addresses[$0] })
            else { continue }
            current[thread.id] = claim
            claims[claim.task, default: []].append(thread.id)
        }
        var frames = AsyncFrames(
            running: headers, layout: view.layout, target: target)
        var changingHands: Set<Int> = []
        for method in AsyncFrames.Method.allCases {
            for (task, places) in framesOfTasks(by: method, &frames, current) {
                guard let index = running[task], tasks[index].record.thread == nil,
                    !changingHands.contains(task)
                else { continue }
                let header = view.tasks[task]
                guard let place = runner(of: header, among: places) else {
                    changingHands.insert(task)
                    continue
                }
                tasks[index].record.thread = place.thread
                tasks[index].nativeFrameCount = place.found.frame + 1
                decoder.followCallers(
                    from: place.found.context, of: header, into: &tasks[index], &view)
                if !frames.hasReadableContexts(header, &view.reader) {
                    let words = "its allocations could not be read, so a frame may be missing"
                    tasks[index].stoppedBecause = tasks[index].stoppedBecause ?? words
                    view.gaps.add(.contextChain, ofTask: header.id, .unmapped, words)
                }
            }
        }
        // A thread that has left its last job by pthread_exit, as the first one of an async main
        // does, says for ever that it runs it: such a claim counts only while it is the only one.
        for (task, threads) in claims {
            guard let index = running[task], tasks[index].record.thread == nil,
                threads.count == 1, let thread = threads.first
            else { continue }
            tasks[index].record.thread = thread
            tasks[index].nativeFrameCount = stacks[thread]?.frames.count
            tasks[index].stoppedBecause = "its async frame was not found on the thread's stack"
        }
        let hands = JobsInHand(threads: threads, stacks: stacks, location: view.location)
        for index in running.values.sorted() where tasks[index].record.thread == nil {
            let position = tasks[index].position
            let header = view.tasks[position]
            let holders = hands.threads(holding: header.address, &view.reader) {
                current[$0] == nil || current[$0]?.task == position
            }
            guard holders.isEmpty else {
                // It goes on where it was suspended. While one thread lets go of it another may
                // have it in hand already.
                tasks[index].record.thread = holders.count == 1 ? holders[0] : nil
                decoder.followStack(of: header, into: &tasks[index], &view)
                continue
            }
            tasks[index].stoppedBecause = "the thread that runs it was not found"
            view.gaps.add(
                .thread, ofTask: tasks[index].record.id, .inconsistent,
                "it is marked as running, and no thread is seen to run it")
        }
        noteOccupants(tasks, running, current)
    }

    /// An async frame, and the thread on whose stack it lies.
    private typealias FramePlace = (thread: Int32, found: AsyncFrames.Found)

    /// The innermost of each thread, by task, in the order of tasks.
    private mutating func framesOfTasks(
        by method: AsyncFrames.Method, _ frames: inout AsyncFrames,
        _ current: [Int32: CurrentTasks.Claim]
    ) -> [(task: Int, places: [FramePlace])] {
        var places: [Int: [FramePlace]] = [:]
        for thread in threads {
            guard let stack = stacks[thread.id] else { continue }
            let found = frames.find(
                in: stack, by: method, current: current[thread.id]?.task, reader: &view.reader)
            for frame in found where places[frame.task]?.last?.thread != thread.id {
                places[frame.task, default: []].append((thread.id, frame))
            }
        }
        return places.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Which of the threads runs a task; nil where that cannot be told.
    ///
    /// A thread that hands a task on (`swift_task_switch`, Actor.cpp) still has its frame and says
    /// that it runs it, when another one has it already. The runtime was called in the place of the
    /// task's own code there; the other may still be in the code that it was resumed with.
    private func runner(of task: TaskHeader, among places: [FramePlace]) -> FramePlace? {
        guard places.count > 1 else { return places.first }
        func only(_ isRunner: (UInt64) -> Bool) -> FramePlace? {
            let running = places.filter { place in
                guard let stack = stacks[place.thread] else { return false }
                return isRunner(stack.frames[place.found.frame].address.lookup)
            }
            return running.count == 1 ? running[0] : nil
        }
        return only { !view.location.holdsCode($0) }
            ?? only { images.functionRange(containing: Address($0))?.lowerBound == task.resume }
    }

    /// Notes which executors the threads work for. What a thread says counts only if it was found
    /// to run the task that it says it runs.
    private mutating func noteOccupants(
        _ tasks: [TaskDecoder.Decoded], _ running: [Int: Int],
        _ current: [Int32: CurrentTasks.Claim]
    ) {
        var places: [Int32: [ExecutorOccupants.Place]] = [:]
        for index in running.values {
            guard let thread = tasks[index].record.thread else { continue }
            let frames = stacks[thread]?.frames ?? []
            let end = tasks[index].nativeFrameCount.flatMap { count in
                frames.indices.contains(count - 1)
                    ? frames[count - 1].canonicalFrameAddress.value : nil
            }
            places[thread, default: []].append(
                ExecutorOccupants.Place(task: tasks[index].record.id, end: end))
        }
        for thread in threads {
            guard let claim = current[thread.id], let index = running[claim.task],
                tasks[index].record.thread == thread.id, let registers = thread.registers
            else { continue }
            let chain = ExecutorTracking.chain(
                from: claim.tracking, stackPointer: registers.stackPointer, layout: view.layout,
                &view.reader)
            occupants.add(
                chain, of: thread.id, running: places[thread.id] ?? [],
                current: tasks[index].record.id)
        }
    }
}
