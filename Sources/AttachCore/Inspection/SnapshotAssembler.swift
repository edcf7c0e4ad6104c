public import AttachReport

/// What a snapshot should hold.
public struct SnapshotOptions: Sendable {
    /// How many frames of a deep stack are kept.
    public var frameLimit = 512
    /// Whether source lines and inlined functions are looked up. In a very large program that
    /// takes most of the time.
    public var readsLines = true
    /// Milliseconds that the lines of all programs and libraries may take.
    public var lineTimeLimit: UInt32 = 40_000
    /// Bytes of memory up to which it is looked up who could resume the tasks that wait in
    /// continuations; 0 to leave that out.
    public var continuationSearchLimit: UInt64 = 16 << 30

    /// The defaults.
    public init() {}
}

/// Makes a snapshot of a capture: unwinds, finds the tasks, and gives everything its name.
///
/// Works on the capture; the process is running again. It may read debug files, and fork helpers
/// for code that was not made for hostile bytes.
public struct SnapshotAssembler {
    private let capture: Capture
    private let options: SnapshotOptions
    private let debugFiles: DebugFiles?
    /// What is known of the process.
    private(set) var knowledge: SessionKnowledge
    /// What each part took, in order.
    public private(set) var times = PhaseTimings()

    /// An assembler for one capture.
    ///
    /// - Parameter debugFiles: nil to look for them now, where every capture's are looked for.
    public init(
        _ capture: Capture, options: SnapshotOptions = SnapshotOptions(),
        debugFiles: DebugFiles? = nil
    ) {
        self.init(capture, options: options, debugFiles: debugFiles, knowledge: SessionKnowledge())
    }

    /// An assembler that makes use of what earlier ones have learned.
    init(
        _ capture: Capture, options: SnapshotOptions, debugFiles: DebugFiles?,
        knowledge: SessionKnowledge
    ) {
        self.capture = capture
        self.options = options
        self.debugFiles = debugFiles
        self.knowledge = knowledge
    }

    /// The snapshot.
    public mutating func snapshot() -> Snapshot {
        var knowledge = knowledge
        self.knowledge = SessionKnowledge()
        defer { self.knowledge = knowledge }
        let target = times.measure("images") { [capture, debugFiles] in
            knowledge.target(of: capture, debugFiles: debugFiles)
        }
        let stacks = times.measure("unwinding") { [self] in unwind(target) }
        var runtime = times.measure("tasks") {
            var reader = RuntimeReader(target, stacks: stacks)
            return reader.read()
        }
        times.measure("continuations") { [options] in
            ContinuationReader(target, stacks: stacks)
                .read(into: &runtime, limit: options.continuationSearchLimit)
        }
        let names = times.measure("names") { [options] in
            knowledge.names(
                of: Self.addresses(stacks: stacks, tasks: runtime.tasks), in: target.images,
                options: options)
        }
        return times.measure("joining") {
            Self.joined(target, stacks: stacks, runtime: runtime, names: names)
        }
    }

    private func unwind(_ target: Target) -> [Int32: NativeStack] {
        var unwinder = Unwinder(target)
        var stacks: [Int32: NativeStack] = [:]
        for thread in target.threads {
            guard let registers = thread.registers else { continue }
            stacks[thread.id] = unwinder.unwind(registers, limit: options.frameLimit)
        }
        return stacks
    }

    private static func addresses(
        stacks: [Int32: NativeStack], tasks: [RawTask]
    ) -> Set<CodeAddress> {
        var addresses: Set<CodeAddress> = []
        for stack in stacks.values { addresses.formUnion(stack.frames.map(\.address)) }
        for task in tasks {
            for point in task.resumePoints { addresses.insert(point) }
        }
        return addresses
    }

    private static func joined(
        _ target: Target, stacks: [Int32: NativeStack], runtime: RuntimeState, names: FrameNames
    ) -> Snapshot {
        let capture = target.capture
        var names = names
        let running = RunningTasks(runtime.tasks)
        let tasks = runtime.tasks.map { task -> TaskRecord in
            var record = task.record
            record.frames = names.frames(
                of: task, stack: task.record.thread.flatMap { stacks[$0] },
                native: running.nativeFrames(of: task))
            record.isAtItsStart = ResumeStores.isStart(record.frames.first)
            return record
        }
        let mainThread = runtime.actors.first { $0.kind == .main }?.thread
        let waits = ThreadWaitReader(target)
        let threads = capture.threads.map { thread in
            let frames = stacks[thread.id].map { names.frames(of: $0) } ?? []
            let task = running.innermost(on: thread.id)
            let wait = waits.read(thread, frames: frames, runsTask: task != nil)
            return ThreadRecord(
                id: thread.id, namespaceID: thread.namespaceID, name: thread.name,
                state: thread.state,
                role: ThreadRole.role(
                    frames: frames, name: thread.name,
                    mayServeMain: thread.id == capture.process.pid || thread.id == mainThread),
                systemCall: thread.systemCall, wait: wait, task: task, frames: frames)
        }
        return Snapshot(
            process: capture.process, capture: capture.record, runtime: runtime.runtime,
            threads: threads, tasks: tasks, groups: runtime.groups,
            actors: actors(of: runtime, memory: target.memory, names: names),
            images: target.images.images.map(\.record),
            coverage: coverage(target, stacks: stacks, runtime: runtime, names: names),
            stillness: capture.stillness)
    }

    private static func actors(
        of runtime: RuntimeState, memory: TargetMemory, names: FrameNames
    ) -> [ActorRecord] {
        var actors = runtime.actors
        var reentrance = Reentrance(soleActors: runtime.soleActors, memory: memory)
        reentrance.note(runtime.tasks, names: names, in: &actors)
        return actors
    }

    private static func coverage(
        _ target: Target, stacks: [Int32: NativeStack], runtime: RuntimeState, names: FrameNames
    ) -> Coverage {
        let capture = target.capture
        // Where not everything was copied, that is why a stack is cut.
        let isPartial = capture.gaps.contains { $0.reason == .budget }
        let cutStacks = capture.threads.flatMap { thread in
            let stack = stacks[thread.id]
            let subject = Gap.Subject.stack(thread: thread.id)
            return [
                stack?.stoppedBecause.map {
                    Gap(subject, reason: isPartial ? .budget : .inconsistent, detail: $0)
                },
                stack?.uncertainBecause.map { Gap(subject, reason: .noSymbols, detail: $0) },
            ].compactMap(\.self)
        }
        return Coverage(
            tasksFound: runtime.tasks.count, helpersFolded: runtime.helpersFolded,
            rejected: runtime.rejected, bytesSearched: runtime.bytesSearched,
            gaps: capture.gaps + target.images.gaps + cutStacks + runtime.gaps + names.gaps)
    }
}
