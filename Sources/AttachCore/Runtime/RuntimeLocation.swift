import AttachReport

/// A Swift concurrency runtime in the target, as far as it could be found.
struct RuntimeLocation {
    /// The first word of every task.
    var taskISA: UInt64
    /// The first word of every job that is no task.
    var jobISA: UInt64
    /// Resume functions of tasks that have not started.
    var startAdapters: Set<UInt64> = []
    /// Resume functions of tasks that wait for a task or a group: they copy a result, and then go
    /// on in the context's own resume function.
    var waitAdapters: Set<UInt64> = []
    /// What the adapters are, where it is not known which is which.
    var adapters: Set<UInt64> = []
    /// `internal_layout_version` without its top byte.
    var layoutVersion: UInt32?
    /// `asyncTaskSize`.
    var taskSize: UInt64?
    /// Whether it has functions for task executors, which came with 6.0; false where there are no
    /// names to tell.
    var hasTaskExecutors = false
    /// Where it keeps a list of its tasks, if it does.
    var registry: UInt64?
    /// Whether its debug variables could be read.
    var speaks = false
    /// Whether "running" is kept in a lock word instead of a flag.
    var hasEscalation = false
    /// How it is linked.
    var linkage: RuntimeRecord.Linkage
    /// Executable ranges of the image it lies in.
    var text: [Range<UInt64>] = []

    /// Whether code belongs to the image that holds the runtime.
    func holdsCode(_ address: UInt64) -> Bool { text.contains { $0.contains(address) } }
}

/// Finds the runtime: by the variables it exports for debuggers, else by the shape of its
/// metadata, which survives stripping.
struct RuntimeLocator {
    let images: ImageTable
    let symbols: RuntimeSymbols
    let code: CodeRanges

    static let prefix = "_swift_concurrency_debug_"
    private static let variables = [
        "asyncTaskMetadata", "jobMetadata", "internal_layout_version", "asyncTaskSize",
        "supportsPriorityEscalation", "future_adapter", "non_future_adapter",
        "task_future_wait_resume_adapter", "task_wait_throwing_resume_adapter",
    ]
    private static let groupAdapter =
        "_ZL30task_group_wait_resume_adapterPN5swift12AsyncContextE"

    /// The runtime itself calls it, so that no linker leaves it out.
    static let taskExecutorFunction = "swift_task_getPreferredTaskExecutor"

    /// The symbols that are asked for.
    static let symbolNames = Set(
        variables.map { prefix + $0 } + [
            groupAdapter, taskExecutorFunction, TaskRegistryLayout.symbol,
        ])

    /// Every runtime in the target; more than one where libraries carry their own.
    func locate(_ reader: inout WordReader) -> [RuntimeLocation] {
        let spoken = byVariables(&reader)
        return spoken.isEmpty ? bySignature(&reader) : spoken
    }

    /// Whether the target carries Swift code at all.
    var hasSwift: Bool {
        images.images.contains { $0.record.name.hasPrefix("libswiftCore.so") }
            || !images.addresses(ofSymbols: ["swift_allocObject"]).isEmpty
    }

    // MARK: Exported variables

    private func byVariables(_ reader: inout WordReader) -> [RuntimeLocation] {
        let found = symbols.addresses(of: Self.symbolNames)
        var byImage: [Address: [String: UInt64]] = [:]
        for (name, addresses) in found {
            for address in addresses {
                guard let image = images.image(containing: address) else { continue }
                byImage[image.record.baseAddress, default: [:]][name] = address.value
            }
        }
        return byImage.sorted { $0.key < $1.key }.compactMap { base, symbols in
            location(symbols, image: images.image(containing: base), &reader)
        }
    }

    private func location(
        _ symbols: [String: UInt64], image: Image?, _ reader: inout WordReader
    ) -> RuntimeLocation? {
        func place(_ name: String) -> UInt64? { symbols[Self.prefix + name] }
        guard let taskISA = place("asyncTaskMetadata").flatMap({ reader.word($0) }),
            reader.word(taskISA) == MetadataKind.task
        else { return nil }
        let job = place("jobMetadata").flatMap { reader.word($0) }
        var location = RuntimeLocation(
            taskISA: taskISA, jobISA: job ?? taskISA &- MetadataLayout.jobToTask, speaks: true,
            linkage: linkage(image), text: image?.executableRanges ?? [])
        location.layoutVersion = place("internal_layout_version").flatMap { reader.half($0) }
            .map { $0 & 0x00ff_ffff }
        location.taskSize = place("asyncTaskSize").flatMap { reader.word($0) }
        location.hasTaskExecutors = symbols[Self.taskExecutorFunction] != nil
        location.registry = symbols[TaskRegistryLayout.symbol]
        location.hasEscalation =
            place("supportsPriorityEscalation")
            .flatMap { reader.load($0, as: UInt8.self) } == 1
        func code(_ names: String...) -> Set<UInt64> {
            Set(
                names.compactMap { place($0).flatMap { reader.word($0) } }.filter(
                    self.code.contains))
        }
        location.startAdapters = code("future_adapter", "non_future_adapter")
        location.waitAdapters = code(
            "task_future_wait_resume_adapter", "task_wait_throwing_resume_adapter")
        if let group = symbols[Self.groupAdapter] { location.waitAdapters.insert(group) }
        return location
    }

    private func linkage(_ image: Image?) -> RuntimeRecord.Linkage {
        image?.record.name.hasPrefix("libswift_Concurrency") == true ? .dynamic : .static
    }

    // MARK: The shape of the metadata

    private func bySignature(_ reader: inout WordReader) -> [RuntimeLocation] {
        var found: [RuntimeLocation] = []
        for segment in reader.memory.segments where segment.isCaptured && segment.isWritable {
            guard
                let image = images.image(containing: Address(segment.start))
                    ?? images.image(containing: Address(segment.end - 1))
            else { continue }
            WordSearch.each(MetadataKind.task, in: segment) { address in
                if isTaskMetadata(address, &reader) {
                    found.append(unspoken(taskISA: address, image: image, &reader))
                }
                return found.count < 8
            }
        }
        return found
    }

    /// Words around the isa: layout string, destructor, value witnesses, kind, …, job invocation.
    private func isTaskMetadata(_ isa: UInt64, _ reader: inout WordReader) -> Bool {
        guard isa > 4096, reader.word(isa &- MetadataLayout.witnessesBefore) == 0,
            let destroy = reader.word(isa &- MetadataLayout.destructorBefore),
            code.contains(destroy)
        else { return false }
        return (1...3).contains { index in
            reader.word(isa, UInt64(index) &* 8).map(code.contains) ?? false
        }
    }

    private func unspoken(
        taskISA: UInt64, image: Image, _ reader: inout WordReader
    ) -> RuntimeLocation {
        let previous = taskISA &- MetadataLayout.jobToTask
        let job = reader.word(previous) == MetadataKind.job ? previous : 0
        var location = RuntimeLocation(
            taskISA: taskISA, jobISA: job, linkage: linkage(image), text: image.executableRanges)
        location.adapters = job == 0 ? [] : adapters(taskISA: taskISA, jobISA: job, image, &reader)
        return location
    }

    /// The debug variables lie side by side: slab, job and task metadata, then the adapters.
    private func adapters(
        taskISA: UInt64, jobISA: UInt64, _ image: Image, _ reader: inout WordReader
    ) -> Set<UInt64> {
        var result: Set<UInt64> = []
        for segment in reader.memory.segments {
            let holder = images.image(containing: Address(segment.start))
            guard holder?.record.baseAddress == image.record.baseAddress,
                !code.contains(segment.start)
            else { continue }
            WordSearch.each(taskISA, in: segment) { address in
                let next = (1...4).compactMap { reader.word(address, UInt64($0) &* 8) }
                if reader.word(address &- 8) == jobISA, next.count == 4,
                    next.allSatisfy(code.contains)
                {
                    result = Set(next)
                }
                return result.isEmpty
            }
        }
        return result
    }
}
