extension TextPage {
    /// Writes the threads; those that run no task and stand at the same place as one entry.
    mutating func write<Sink: ByteSink & ~Copyable>(
        threadsOf snapshot: Snapshot, index: SnapshotIndex, into sink: inout Sink
    ) throws(Sink.Failure) {
        let threads = snapshot.threads
        write("THREADS", .heading)
        guard !threads.isEmpty else {
            write("  none could be read")
            endLine()
            return
        }
        write("  \(threads.count)")
        endLine()
        for group in Self.groups(of: threads, joining: !options.showAll) {
            write(threads: group.map { threads[$0] }, process: snapshot.process, index: index)
            try drain(into: &sink)
        }
    }

    /// Indices of the threads of each entry, in the order of their first ones.
    private static func groups(of threads: [ThreadRecord], joining: Bool) -> [[Int]] {
        struct Key: Hashable {
            let stack: Int
            let state: ThreadRecord.State
            let systemCall: Int?
        }
        guard joining else { return threads.indices.map { [$0] } }
        var stacks = StackTable()
        var known: [Key: Int] = [:]
        var groups: [[Int]] = []
        for (index, thread) in threads.enumerated() {
            guard thread.task == nil, !thread.frames.isEmpty else {
                groups.append([index])
                continue
            }
            let key = Key(
                stack: stacks.number(of: thread.frames), state: thread.state,
                systemCall: thread.systemCall?.number)
            if let group = known[key] {
                groups[group].append(index)
            } else {
                known[key] = groups.count
                groups.append([index])
            }
        }
        return groups
    }

    private mutating func write(
        threads: [ThreadRecord], process: ProcessRecord, index: SnapshotIndex
    ) {
        guard let first = threads.first else { return }
        tab(to: TextLayout.entry, gap: 0)
        write(IDList(threads.lazy.compactMap { UInt64(exactly: $0.id) }).text(), .subject)
        if threads.count > 1 { write("  \(threads.count) threads") }
        let names = EntryNames(threads.lazy.map { $0.name })
        if let name = names.common { write(" \(name)") }
        tab(to: TextLayout.activity)
        write(Self.activity(of: first))
        if let task = first.task {
            write("   runs \(index.reference(toTask: task))")
        }
        if threads.contains(where: { $0.id == process.pid }) {
            write(threads.count == 1 ? "  (main thread)" : "  (one is the main thread)", .quiet)
        }
        if options.verbose, threads.count == 1, let id = first.namespaceID {
            write("  (\(id) in its own pid namespace)", .quiet)
        }
        endLine()
        if let list = names.list { line(list, .quiet, indent: TextLayout.frame) }
        write(
            stack: first.frames,
            emptyMeans: first.state == .zombie ? nil : "no frame could be read")
    }

    /// What the kernel had the thread doing, e.g. `in clock_nanosleep`.
    private static func activity(of thread: ThreadRecord) -> PageText {
        let call = thread.systemCall.map { call -> PageText in
            call.name.map { "in \($0)" } ?? "in system call \(call.number)"
        }
        switch thread.state {
        case .running: return call.map { "running \($0)" } ?? "running"
        case .sleeping: return call ?? "sleeping"
        case .uninterruptible: return "uninterruptible \(call ?? "wait in the kernel")"
        case .stopped:
            return call.map { "stopped by job control \($0)" } ?? "stopped by job control"
        case .zombie: return "ended, not yet reaped"
        case .unknown: return call ?? "state not known"
        }
    }
}
