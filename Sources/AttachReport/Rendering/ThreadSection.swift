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
        for group in Self.groups(of: snapshot, joining: !options.showAll) {
            write(threads: group.map { threads[$0] }, process: snapshot.process, index: index)
            try drain(into: &sink)
        }
    }

    /// Indices of the threads of each entry, in the order of their first ones.
    private static func groups(of snapshot: Snapshot, joining: Bool) -> [[Int]] {
        let threads = snapshot.threads
        let process = snapshot.process
        struct Key: Hashable {
            let stack: Int
            let state: ThreadRecord.State
            let systemCall: Int?
            let wait: ThreadWait.Kind?
            let object: Address?
            let owner: Int32?
        }
        guard joining else { return threads.indices.map { [$0] } }
        var stacks = StackTable()
        var known: [Key: Int] = [:]
        var groups: [[Int]] = []
        for (index, thread) in threads.enumerated() {
            let isIdle = isIdleWorker(thread, process: process)
            guard thread.task == nil, isIdle || !thread.frames.isEmpty else {
                groups.append([index])
                continue
            }
            // Where a worker that has nothing to do waits for work tells nothing.
            let key = Key(
                stack: isIdle ? -1 : stacks.number(of: thread.frames), state: thread.state,
                systemCall: isIdle ? nil : thread.systemCall?.number, wait: thread.wait?.kind,
                object: isIdle ? nil : thread.wait?.object,
                owner: isIdle ? nil : thread.wait?.owner)
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
        let isIdle = !options.showAll && Self.isIdleWorker(first, process: process)
        tab(to: TextLayout.entry, gap: 0)
        write(IDList(threads.lazy.compactMap { UInt64(exactly: $0.id) }).text(), .subject)
        if isIdle {
            write(threads.count == 1 ? "  idle worker" : "  \(threads.count) idle workers")
        } else if threads.count > 1 {
            write("  \(threads.count) threads")
        }
        let names = EntryNames(threads.lazy.map { $0.name })
        if let name = names.common { write(" \(name)") }
        tab(to: activityColumn)
        let words = ThreadWords(index: index, verbose: options.verbose)
        flow(words.activity(of: first), indent: TextLayout.activity + 2)
        if let task = first.task {
            flow("runs \(index.reference(toTask: task))", gap: 3, indent: TextLayout.activity + 2)
        }
        if threads.contains(where: { $0.id == process.pid }) {
            flow(
                threads.count == 1 ? "(main thread)" : "(one is the main thread)", .quiet, gap: 2,
                indent: TextLayout.activity + 2)
        }
        if options.verbose, threads.count == 1, let id = first.namespaceID {
            write("  (\(id) in its own pid namespace)", .quiet)
        }
        endLine()
        guard !isIdle else { return }
        if let list = names.list { line(list, .quiet, indent: TextLayout.frame) }
        if options.verbose, let evidence = first.wait?.evidence {
            line("known from: \(evidence)", .quiet, indent: TextLayout.frame)
        }
        write(
            stack: first.frames,
            emptyMeans: first.state == .zombie ? nil : "no frame could be read")
    }

    /// Whether a thread is one of those that wait for work and need no more said of them.
    private static func isIdleWorker(_ thread: ThreadRecord, process: ProcessRecord) -> Bool {
        guard let wait = thread.wait, wait.isIdle, !wait.isForEvents else { return false }
        return thread.task == nil && thread.id != process.pid
    }
}
