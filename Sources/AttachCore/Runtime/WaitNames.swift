import AttachReport

/// Tells by names what a continuation is for: which resume function of the library a task is
/// suspended in. Without names a continuation stays a continuation.
struct WaitNames {
    /// How many of the innermost frames are looked at.
    private static let depth = 4

    private let names: [UInt64: String]

    /// Looks up the innermost frames of these stacks, all at once.
    init(stacks: some Collection<[CodeAddress]>, symbolizer: inout Symbolizer) {
        var wanted: Set<CodeAddress> = []
        for stack in stacks { wanted.formUnion(stack.prefix(Self.depth)) }
        wanted = wanted.filter { $0.kind == .asyncResumePoint }
        names = symbolizer.frames(for: wanted).reduce(into: [:]) { names, entry in
            names[entry.key.address.value] = entry.value.last?.symbol
        }
    }

    /// The wait that the innermost frames of a stack stand for; nil for a continuation of the
    /// program's own.
    func wait(of stack: [CodeAddress]) -> Wait? {
        for point in stack.prefix(Self.depth) {
            guard let name = names[point.address.value] else { return nil }
            if let wait = LibraryKnowledge.wait(of: name) { return wait }
            guard name.hasPrefix("$ss") || name.hasPrefix("$sSc") else { return nil }
        }
        return nil
    }

    /// Whether the innermost function of a stack has a name, so that `wait` can know.
    func hasName(of stack: [CodeAddress]) -> Bool {
        stack.first.map { names[$0.address.value] != nil } ?? false
    }
}

/// Finds the tasks that a `Task.yield` has queued again: a job that carries nothing but a
/// continuation waits for each (`NullaryContinuationJob`, stdlib/public/Concurrency).
enum YieldedTasks {
    /// The addresses of such tasks among what these jobs refer to.
    static func find(among jobs: [UInt64], _ reader: inout WordReader) -> Set<UInt64> {
        var tasks: Set<UInt64> = []
        for job in jobs {
            guard let raw = reader.half(job &+ JobLayout.flags),
                JobFlags(rawValue: raw).kind == JobFlags.nullaryContinuationKind,
                let task = reader.word(job, JobLayout.context),
                reader.word(job, JobLayout.continuation) == task
            else { continue }
            tasks.insert(task)
        }
        return tasks
    }
}
