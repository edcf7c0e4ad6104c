extension TextPage {
    /// Writes the actors and executors: the busy ones, and how many are idle.
    mutating func write<Sink: ByteSink & ~Copyable>(
        actorsOf snapshot: Snapshot, index: SnapshotIndex, into sink: inout Sink
    ) throws(Sink.Failure) {
        let actors = snapshot.actors
        write("ACTORS", .heading)
        guard !actors.isEmpty else {
            write("  none found")
            endLine()
            return
        }
        flow("\(Self.census(of: actors))", gap: 2, indent: TextLayout.entry)
        endLine()
        var idle: [PageText: Int] = [:]
        for actor in actors {
            guard options.showAll || !actor.isIdle else {
                idle[Self.name(of: actor), default: 0] += 1
                continue
            }
            write(actor: actor, index: index)
            try drain(into: &sink)
        }
        write(idle: idle)
    }

    private static func census(of actors: [ActorRecord]) -> PageText {
        var busy = 0
        var waiting = 0
        var idle = 0
        for actor in actors {
            if actor.state == .running || actor.task != nil {
                busy += 1
            } else if actor.isIdle {
                idle += 1
            } else {
                waiting += 1
            }
        }
        var parts: [PageText] = []
        if busy > 0 { parts.append("\(busy) busy") }
        if waiting > 0 { parts.append("\(waiting) with something queued or suspended") }
        if idle > 0 { parts.append("\(idle) idle") }
        return "\(actors.count): \(PageText.joined(parts, separator: ", "))"
    }

    /// What it is called where only its kind or type matters.
    private static func name(of actor: ActorRecord) -> PageText {
        switch actor.kind {
        case .main: "main actor"
        case .globalExecutor: "global pool"
        case .default: actor.type.map { "\($0)" } ?? "actor of unknown type"
        case .customExecutor: actor.type.map { "executor \($0)" } ?? "custom executor"
        case .taskExecutor: actor.type.map { "task executor \($0)" } ?? "task executor"
        }
    }

    private mutating func write(actor: ActorRecord, index: SnapshotIndex) {
        tab(to: TextLayout.entry, gap: 0)
        write(Self.name(of: actor), .subject)
        if let address = actor.subject.address {
            let isAmbiguous = actor.type.map(index.hasSeveralActors) ?? true
            if options.verbose || isAmbiguous { write(" at \(address)", .quiet) }
        }
        tab(to: activityColumn)
        flow(Self.activity(of: actor, index: index), indent: TextLayout.activity)
        endLine()
        if !actor.queue.isEmpty { write(queueOf: actor, index: index) }
        guard !actor.suspendedInside.isEmpty else { return }
        let ids = IDList(actor.suspendedInside)
        tab(to: TextLayout.frame, gap: 0)
        flow(
            """
            suspended in its methods: \(PageText(ids.count, "task", "tasks")) \
            (\(ids.text(complete: options.showAll)))
            """, .quiet, indent: TextLayout.frame)
        endLine()
    }

    private static func activity(of actor: ActorRecord, index: SnapshotIndex) -> PageText {
        var text: PageText
        if let holder = index.holder(of: actor) {
            text = holder
        } else {
            switch actor.state {
            case .idle: text = "idle"
            case .scheduled: text = "waits for a thread of the pool"
            case .running: text = "busy, with whom is not known"
            case .ending: text = "being destroyed"
            case .unknown:
                text = actor.kind == .globalExecutor ? "" : "whether it is busy is not known"
            }
            if actor.kind == .main, let thread = actor.thread.flatMap(index.thread) {
                let words = ThreadWords(index: index, verbose: false).activity(of: thread)
                if !text.isEmpty { text += "; " }
                text += "its thread \(thread.id) \(words)"
            }
        }
        if actor.isRemote { text += " (stands for an actor in another process)" }
        let count = actor.queue.count
        if count > 0 {
            text += text.isEmpty ? "\(count) queued" : ", \(count) queued"
            if !actor.isQueueComplete { text += " (perhaps more)" }
        }
        return text.isEmpty ? "nothing queued" : text
    }

    private mutating func write(queueOf actor: ActorRecord, index: SnapshotIndex) {
        let shown = options.showAll ? actor.queue.count : TextLayout.mostQueued
        var parts = actor.queue.prefix(shown).map { job -> PageText in
            switch job {
            case .task(let id):
                guard let name = index.task(id)?.name, !name.isEmpty else { return "\(id)" }
                return "\(id) \(PageText(quoting: name))"
            case .other(let address): return "a job at \(address)"
            }
        }
        if actor.queue.count > shown { parts.append("… and \(actor.queue.count - shown) more") }
        tab(to: TextLayout.frame, gap: 0)
        let order: PageText =
            actor.isQueueComplete ? "next: " : "waiting, in which order is not known: "
        flow(
            order + PageText.joined(parts, separator: ", "), .quiet, indent: TextLayout.frame + 2)
        endLine()
    }

    private mutating func write(idle: [PageText: Int]) {
        guard !idle.isEmpty else { return }
        let sorted = idle.sorted { ($1.value, $0.key.string) < ($0.value, $1.key.string) }
        var parts = sorted.prefix(TextLayout.mostTypes).map { name, count -> PageText in
            count == 1 ? name : "\(count) \(name)"
        }
        let left = sorted.dropFirst(TextLayout.mostTypes).reduce(0) { $0 + $1.value }
        if left > 0 { parts.append("\(left) of other types") }
        tab(to: TextLayout.entry, gap: 0)
        flow(
            "idle: \(PageText.joined(parts, separator: ", "))", .quiet,
            indent: TextLayout.finding)
        endLine()
    }
}

extension ActorRecord {
    /// Whether nobody runs on it, queues for it or is suspended in it.
    var isIdle: Bool {
        // The pool has no state of its own: its threads do.
        (state == .idle || kind == .globalExecutor) && task == nil && queue.isEmpty
            && suspendedInside.isEmpty
    }
}

extension Subject {
    /// Where it lies, for what has an address.
    var address: Address? {
        switch self {
        case .actor(let address), .executor(let address), .group(let address), .lock(let address),
            .queue(let address):
            address
        case .task, .thread, .mainActor, .globalExecutor, .continuation: nil
        }
    }
}

extension SnapshotIndex {
    /// Who keeps an actor busy, e.g. `occupied by task 5 "x" on thread 4250`; nil for nobody.
    func holder(of actor: ActorRecord) -> PageText? {
        if let task = actor.task {
            let words: PageText = "occupied by \(reference(toTask: task))"
            let thread = actor.thread ?? self.task(task)?.thread
            return thread.map { "\(words) on thread \($0)" } ?? words
        }
        guard actor.state == .running, let thread = actor.thread else { return nil }
        return "occupied by \(reference(toThread: thread))"
    }
}
