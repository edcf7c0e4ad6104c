import AttachReport

/// A task as it lies in memory: addresses, no names of code.
struct RawTask: Sendable {
    /// What can be said without code names. `frames` is empty, `thread` is filled in.
    var record: TaskRecord
    /// The resume addresses of its async stack, innermost first; for a running task, those
    /// outward of its async frame on the thread.
    var resumePoints: [CodeAddress]
    /// Why the chain of contexts ended early; nil when it reached the root.
    var stoppedBecause: String?
    /// For a running task: how many of its thread's native frames come before `resumePoints`.
    var nativeFrameCount: Int?
}

/// What concurrency looks like in a capture.
struct RuntimeState: Sendable {
    /// What is known of the runtime itself.
    var runtime: RuntimeRecord
    /// Every task, by id.
    var tasks: [RawTask] = []
    /// Every group, by address.
    var groups: [GroupRecord] = []
    /// Actors and executors: the global pool, the main actor, and the others by address.
    var actors: [ActorRecord] = []
    /// Actors of which there is no other of the same type, by the type's name with its module.
    var soleActors: [String: Address] = [:]
    /// Timer helpers counted and left out.
    var helpersFolded = 0
    /// Places that looked like a task and were none.
    var rejected = 0
    /// Bytes searched.
    var bytesSearched: UInt64 = 0
    /// What could not be read.
    var gaps: [Gap] = []
    /// How its tasks lie in memory; nil where that is not known, or there are several runtimes.
    var layout: RuntimeLayout?
    /// Where the runtime is; nil likewise.
    var location: RuntimeLocation?
    /// The timer helpers that were left out, each with the task that sleeps, where there is one.
    var helpers: [TimerHelper] = []
}

/// A task that the runtime made for a timer.
struct TimerHelper: Hashable, Sendable {
    /// Where it lies.
    var address: UInt64
    /// The address of the task that it will wake; nil where that sleeps no more.
    var sleeper: UInt64?
}

/// Reads the Swift concurrency runtime of a capture.
struct RuntimeReader {
    private let target: Target
    private let stacks: [Int32: NativeStack]
    private var reader: WordReader
    private var types = TypeReader()

    /// `stacks` are those of the target's threads.
    init(_ target: Target, stacks: [Int32: NativeStack]) {
        self.target = target
        self.stacks = stacks
        reader = WordReader(target.memory)
    }

    private var images: ImageTable { target.images }
    private var code: CodeRanges { target.code }

    /// Everything that can be recovered.
    mutating func read() -> RuntimeState {
        let symbols = RuntimeSymbols(images)
        let locator = RuntimeLocator(images: images, symbols: symbols, code: code)
        let locations = locator.locate(&reader)
        guard !locations.isEmpty else { return stateWithoutLocation(hasSwift: locator.hasSwift) }
        return read(locations, symbols)
    }

    /// Either there is no runtime, or its file is damaged or out of reach.
    private func stateWithoutLocation(hasSwift: Bool) -> RuntimeState {
        let library = images.images.first { $0.record.name.hasPrefix("libswift_Concurrency.so") }
        guard let library else {
            return RuntimeState(runtime: RuntimeRecord(isPresent: false, hasSwift: hasSwift))
        }
        var state = RuntimeState(
            runtime: RuntimeRecord(isPresent: true, hasSwift: true, linkage: .dynamic))
        state.gaps = [
            Gap(
                .tasks, address: library.record.baseAddress, reason: .noSymbols,
                detail: "\(library.record.name) is loaded, and what names its tasks could not be "
                    + "found in it")
        ]
        return state
    }

    /// What can be recovered of these runtimes, of which there is hardly ever more than one.
    mutating func read(
        _ locations: [RuntimeLocation], _ symbols: RuntimeSymbols
    ) -> RuntimeState {
        guard let first = locations.first else {
            return RuntimeState(runtime: RuntimeRecord(isPresent: false, hasSwift: false))
        }
        var state = read(first, symbols)
        for location in locations.dropFirst() {
            let more = read(location, symbols)
            (state.layout, state.location) = (nil, nil)
            state.helpers += more.helpers
            state.tasks += more.tasks
            state.groups += more.groups
            // Each finds every actor; what the others say of them is about their own tasks.
            let known = Set(state.actors.map(\.subject))
            state.actors += more.actors.filter { !known.contains($0.subject) }
            state.helpersFolded += more.helpersFolded
            state.rejected += more.rejected
            state.gaps += more.gaps
            state.gaps.append(
                Gap(
                    .runtime, address: Address(location.taskISA),
                    reason: .inconsistent,
                    detail: "a second runtime in one process: task ids may occur twice"))
        }
        state.tasks.sort { ($0.record.id, $0.record.address) < ($1.record.id, $1.record.address) }
        state.groups.sort { $0.address < $1.address }
        return state
    }

    private mutating func read(
        _ location: RuntimeLocation, _ symbols: RuntimeSymbols
    ) -> RuntimeState {
        var runtime = RuntimeRecord(
            isPresent: true, hasSwift: true, linkage: location.linkage,
            layoutVersion: location.layoutVersion)
        var scanned = reader
        let scan = TaskScanner.scan(reader.memory, isa: location.taskISA) { address in
            TaskHeader.looksLikeJob(address, reader: &scanned, code: code)
        }
        let layouts = RuntimeLayout.candidates(
            version: location.layoutVersion, size: location.taskSize, speaks: location.speaks,
            hasTaskExecutors: location.hasTaskExecutors)
        let candidates = withListed(
            scan.candidates, location, layouts.lazy.compactMap(\.registry).first ?? .unreleased)
        let layout = LayoutCalibration.choose(
            layouts, candidates: candidates, reader: &reader, types: &types, code: code)
        guard let layout else {
            // Where nothing looks like a task the layout is what the runtime says, and harmless.
            let versions = Set(layouts.map(\.versions))
            if candidates.isEmpty, versions.count == 1 { runtime.layout = versions.first }
            var state = RuntimeState(runtime: runtime)
            state.rejected = scan.rejected + candidates.count
            state.bytesSearched = scan.bytesSearched
            if !candidates.isEmpty || layouts.isEmpty {
                state.gaps.append(unknownLayout(location, candidates: candidates.count))
            }
            return state
        }
        runtime.layout = layout.versions
        var headers: [TaskHeader] = []
        headers.reserveCapacity(candidates.count)
        for address in candidates {
            if let header = TaskHeader.validated(
                address, layout: layout, reader: &reader, types: &types, code: code)
            {
                headers.append(header)
            }
        }
        let living = AsyncLetTasks.living(headers, reader: &reader)
        var state = RuntimeState(runtime: runtime)
        state.rejected = scan.rejected + candidates.count - living.count
        state.bytesSearched = scan.bytesSearched
        let view = RuntimeView(
            location: location, symbols: symbols, layout: layout, code: code, reader: reader,
            types: types, tasks: living)
        var assembly = TaskAssembly(
            view: view, target: target, stacks: stacks)
        assembly.assemble(into: &state)
        (state.layout, state.location) = (layout, location)
        if scan.isCut {
            state.gaps.append(
                Gap(
                    .tasks, reason: .limit,
                    detail: "only the first \(TaskScanner.limit) were looked at"))
        }
        return state
    }

    /// What was found and what the runtime lists, in order; neither need have all that the other
    /// has.
    private mutating func withListed(
        _ found: [UInt64], _ location: RuntimeLocation, _ layout: TaskRegistryLayout
    ) -> [UInt64] {
        guard let registry = location.registry else { return found }
        let code = code
        let listed = TaskRegistry.tasks(at: registry, layout, reader: &reader) { address, reader in
            reader.word(address) == location.taskISA
                && TaskHeader.looksLikeJob(address, reader: &reader, code: code)
        }
        return listed.isEmpty ? found : listed.union(found).sorted()
    }

    private func unknownLayout(_ location: RuntimeLocation, candidates: Int) -> Gap {
        let version = location.layoutVersion.map { "layout version \($0)" } ?? "no layout version"
        let size = location.taskSize.map { ", tasks of \($0) bytes" } ?? ""
        return Gap(
            .tasks, address: Address(location.taskISA), reason: .unknownLayout,
            detail: "the runtime has \(version)\(size); \(candidates) objects look like tasks, and "
                + "no layout that we know fits them")
    }
}
