import AttachReport

/// One runtime and its tasks, with what it takes to read more of them.
struct RuntimeView {
    /// Where the runtime is.
    let location: RuntimeLocation
    /// The runtime's symbols.
    let symbols: RuntimeSymbols
    /// How its tasks are laid out.
    let layout: RuntimeLayout
    /// What is code.
    let code: CodeRanges
    /// The target's memory.
    var reader: WordReader
    /// The target's types.
    var types: TypeReader
    /// What could not be read.
    var gaps = GapLog()
    /// Every task, by address.
    let tasks: [TaskHeader]
    /// No more contexts, records or other links of lists than this can there be: each takes two
    /// words of captured memory, and is part of one list.
    let linkLimit: Int
    private let index: AddressIndex

    init(
        location: RuntimeLocation, symbols: RuntimeSymbols, layout: RuntimeLayout,
        code: CodeRanges, reader: WordReader, types: TypeReader, tasks: [TaskHeader]
    ) {
        self.location = location
        self.symbols = symbols
        self.layout = layout
        self.code = code
        self.reader = reader
        self.types = types
        self.tasks = tasks
        linkLimit = Self.linkLimit(of: reader.memory)
        index = AddressIndex(tasks.lazy.map(\.address))
    }

    /// What is said of `linkLimit`, and never so few that a small capture is cut for it.
    static func linkLimit(of memory: TargetMemory) -> Int {
        let bytes = memory.segments.reduce(UInt64(0)) {
            $1.isCaptured ? $0 &+ ($1.end - $1.start) : $0
        }
        return max(Int(clamping: bytes / 16), 100_000)
    }

    /// The position in `tasks` of the task at `address`.
    @inline(__always)
    func position(of address: UInt64) -> Int? { index[address] }

    /// The id of the task at `address`.
    func id(of address: UInt64) -> UInt64? { index[address].map { tasks[$0].id } }

    /// Whether some thread runs the task.
    mutating func isRunning(_ task: TaskHeader) -> Bool {
        if location.hasEscalation {
            return reader.half(task.address &+ layout.statusLock).map { $0 != 0 } ?? false
        }
        return task.status.contains(.isRunning)
    }

    /// Whether the task has ended: 5.8 and older say so by the result alone.
    func isComplete(_ task: TaskHeader) -> Bool {
        task.status.contains(.isComplete)
            || (task.hasResult && !task.status.contains(.isRunning))
    }

    /// Whether the task stands where it was created: about to be started by an adapter.
    func isUnstarted(_ task: TaskHeader) -> Bool {
        guard task.context == task.root else { return false }
        return location.startAdapters.contains(task.resume)
            || location.adapters.contains(task.resume)
    }
}
