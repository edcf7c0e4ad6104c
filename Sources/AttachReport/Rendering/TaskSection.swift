extension TextPage {
    /// Writes the tasks, equal ones as one entry.
    mutating func write<Sink: ByteSink & ~Copyable>(
        tasksOf snapshot: Snapshot, index: SnapshotIndex, into sink: inout Sink
    ) throws(Sink.Failure) {
        let tasks = snapshot.tasks
        guard !tasks.isEmpty else {
            write("TASKS", .heading)
            write("  \(Self.whyNoTasks(snapshot))")
            endLine()
            return
        }
        write("TASKS", .heading)
        flow(Self.census(of: tasks), gap: 2, indent: TextLayout.entry)
        endLine()
        for group in TaskGrouping(tasks, joining: !options.showAll).groups {
            write(group: group, of: tasks, index: index)
            try drain(into: &sink)
        }
    }

    private static func whyNoTasks(_ snapshot: Snapshot) -> PageText {
        if !snapshot.runtime.hasSwift { return "none: there is no Swift code in this process" }
        if !snapshot.runtime.isPresent {
            return "none: this process carries no Swift concurrency runtime"
        }
        return snapshot.coverage.gaps.isEmpty
            ? "none alive" : "none found; what could not be read is listed below"
    }

    /// How many tasks are in which state.
    private static func census(of tasks: [TaskRecord]) -> PageText {
        var counts: [TaskRecord.State: Int] = [:]
        var failed = 0
        for task in tasks {
            if task.state == .completed, case .error? = task.result {
                failed += 1
            } else {
                counts[task.state, default: 0] += 1
            }
        }
        let words: [(TaskRecord.State, PageText)] = [
            (.running, "running"), (.enqueued, "queued"), (.suspended, "suspended"),
            (.created, "created"), (.completed, "finished"),
        ]
        var parts = words.compactMap { state, word in
            counts[state].map { "\($0) \(word)" as PageText }
        }
        if failed > 0 { parts.append("\(failed) finished with an error") }
        return parts.count == 1
            ? parts[0] : "\(tasks.count): \(PageText.joined(parts, separator: ", "))"
    }

    private mutating func write(group: TaskGroup, of tasks: [TaskRecord], index: SnapshotIndex) {
        let members = group.members.map { tasks[$0] }
        let words = TaskWords(tasks: members, index: index, verbose: options.verbose)
        tab(to: TextLayout.entry, gap: 0)
        write(IDList(members.lazy.map(\.id)).text(), .subject)
        if members.count > 1 { write("  \(members.count) tasks") }
        let names = EntryNames(members.lazy.map(\.name))
        if let name = names.common { write(" \(name)") }
        tab(to: activityColumn)
        flow(words.activity, words.isFailure ? .alarm : .plain, indent: TextLayout.activity + 2)
        let facts = words.facts
        if !facts.isEmpty { flow(facts, .quiet, gap: 2, indent: TextLayout.activity + 2) }
        endLine()
        if let list = names.list { line(list, .quiet, indent: TextLayout.frame) }
        let exemplar = tasks[group.exemplar]
        let mayLackFrames = exemplar.state == .completed || exemplar.state == .created
        write(
            stack: exemplar.frames,
            emptyMeans: mayLackFrames ? nil : "no frame could be read")
    }
}

/// The names of the tasks or threads of one entry.
struct EntryNames {
    /// The name that all of them bear, in quotation marks.
    private(set) var common: PageText?
    /// Different names, the most frequent not first but in order of appearance.
    private(set) var list: PageText?

    init(_ names: some Collection<String?>) {
        var distinct: [String] = []
        var seen: Set<String> = []
        var unnamed = 0
        for name in names {
            guard let name, !name.isEmpty else {
                unnamed += 1
                continue
            }
            if seen.insert(name).inserted && distinct.count < TextLayout.mostNames {
                distinct.append(name)
            }
        }
        guard let first = distinct.first else { return }
        if seen.count == 1 && unnamed == 0 {
            common = PageText(quoting: first)
            return
        }
        var parts = distinct.map { PageText(quoting: $0) }
        let left = seen.count - distinct.count
        if left > 0 { parts.append(PageText(left, "more name", "more names")) }
        if unnamed > 0 { parts.append("\(unnamed) without a name") }
        list = "named \(PageText.joined(parts, separator: ", "))"
    }
}
