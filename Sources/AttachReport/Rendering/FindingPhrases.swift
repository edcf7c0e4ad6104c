/// Says in sentences what a finding is: the one place where findings become words.
///
/// The sentences hold names out of the target, with everything spelled out that a terminal would
/// act on.
public struct FindingPhrases: Sendable {
    let index: SnapshotIndex

    /// For the findings of this snapshot. Takes time in proportion to its size.
    public init(_ snapshot: Snapshot) { self.init(SnapshotIndex(snapshot)) }

    init(_ index: SnapshotIndex) { self.index = index }

    /// What is wrong, in one sentence for a beginner, without a full stop at its end.
    public func message(of finding: Finding) -> String { sentence(finding).string }

    /// What was read that shows it, for an expert, one fact a line.
    public func evidence(of finding: Finding) -> [String] {
        finding.evidence.map { sentence($0, of: finding).string }
    }

    /// What to do about it, in one sentence.
    public func advice(for finding: Finding) -> String { Explanation.of(finding.kind).advice }

    func sentence(_ finding: Finding) -> PageText {
        switch finding.cause {
        case .deadlock: return deadlock(finding.subjects)
        case .actorBlocked(let occupant), .mainActorBlocked(let occupant):
            return blocked(finding.subjects.first ?? .mainActor, occupant)
        case .poolStarved(let workers, let jobs): return starved(workers, jobs)
        case .lostContinuation:
            let waits: PageText =
                finding.isAboutOne ? "waits for a continuation" : "wait for continuations"
            return "\(tasks(finding)) \(waits) that nothing in the process refers to any more"
                + clause(place(of: finding))
        case .unreadError(let type, let name, let isChild):
            return unread(finding, type, name, isChild)
        case .neverStarted(let executor): return neverStarted(finding, executor)
        case .cancelledStillWaiting(let awaited): return deaf(finding, awaited)
        case .lockHeld(let first, let count, let owner):
            let text: PageText = "\(waiters(first, count)) for \(thing(ofThread: first))"
            guard let thread = index.thread(owner) else {
                return "\(text) that thread \(owner) owns"
            }
            return "\(text) that \(name(thread)) owns, which \(doing(thread))"
                + place(thread.frames)
        case .lockOrphaned(let first, let count):
            let dead = index.thread(first)?.wait?.deadOwner ?? 0
            return "\(waiters(first, count)) for \(thing(ofThread: first)) whose owner, thread "
                + "\(dead), has ended without giving it back"
                + clause(place(index.thread(first)?.frames ?? []))
        }
    }

    // MARK: Kinds of findings

    private func deadlock(_ subjects: [Subject]) -> PageText {
        var threads: [ThreadRecord] = []
        var tasks: [TaskRecord] = []
        var parts: [PageText] = []
        for subject in subjects {
            switch subject {
            case .task(let id):
                guard let task = index.task(id) else { continue }
                tasks.append(task)
                guard task.state != .running else { continue }
                parts.append(index.reference(toTask: id) + place(task.frames))
            case .thread(let id):
                guard let thread = index.thread(id) else { continue }
                threads.append(thread)
                parts.append(name(thread) + place(thread.frames))
            default: break
            }
        }
        if threads.count == 1, tasks.isEmpty, let only = threads.first, let wait = only.wait {
            let what: PageText =
                wait.kind == .join ? "its own end" : "\(thing(wait)) that it owns itself"
            return "thread \(only.id) waits for \(what)\(clause(place(only.frames)))"
        }
        if threads.isEmpty, tasks.count == 1, let only = tasks.first {
            return "\(index.reference(toTask: only.id)) awaits its own end"
                + clause(place(only.frames))
        }
        let count = parts.count
        if count > 6 { parts = Array(parts.prefix(6)) + ["\(count - 6) more"] }
        return "\(Self.list(parts)) wait for each other\(count > 2 ? " in a circle" : "")"
    }

    private func blocked(_ subject: Subject, _ occupant: Finding.Occupant) -> PageText {
        let thread = occupant.threads.first ?? 0
        let who: PageText =
            occupant.task.map { "\(index.reference(toTask: $0)) occupies it on thread \(thread)" }
            ?? "thread \(thread) occupies it"
        return "\(index.reference(to: subject)) is blocked: \(who), and \(chain(occupant))"
    }

    /// What the first thread does and why, e.g. `waits for a mutex that thread 4260 owns, which
    /// sleeps`.
    private func chain(_ occupant: Finding.Occupant) -> PageText {
        var text: PageText = ""
        let threads = occupant.threads.compactMap(index.thread)
        for (number, thread) in threads.enumerated() {
            if number > 0 {
                text +=
                    threads[number - 1].wait?.kind == .join
                    ? ", which\(runs(thread)) " : " that \(name(thread)) owns, which "
            }
            text += doing(thread)
            // Where one waits for a lock is told in the evidence, unless it is the first.
            if number == 0 || number == threads.count - 1 { text += place(thread.frames) }
        }
        if occupant.endsWithOrphan { text += ", whose owner has ended" }
        return text
    }

    private func starved(_ workers: [Int32], _ jobs: Int) -> PageText {
        let all: PageText =
            switch workers.count {
            case 1: "its only thread is blocked"
            case 2: "both of its threads are blocked"
            default: "all \(workers.count) of its threads are blocked"
            }
        var example: PageText = ""
        if let first = workers.first.flatMap(index.thread) {
            example = "; \(name(first)) \(doing(first))\(place(first.frames))"
        }
        return "the global pool has no thread left for \(PageText(jobs, "job", "jobs")) that "
            + "\(jobs == 1 ? "waits" : "wait"): \(all)\(example)"
    }

    private func unread(
        _ finding: Finding, _ type: String?, _ name: String?, _ isChild: Bool
    ) -> PageText {
        let error: PageText =
            type.map { "the error \($0)\(name.map { ".\($0)" as PageText } ?? "")" } ?? "an error"
        let verb: PageText = finding.isAboutOne ? "has" : "have"
        let end: PageText = isChild ? "nobody has taken the result" : "nobody waits for the result"
        return "\(tasks(finding)) \(verb) failed with \(error), and \(end)"
    }

    private func neverStarted(_ finding: Finding, _ executor: Finding.Executor?) -> PageText {
        var state: PageText = "handed to no executor"
        if let executor {
            let name: PageText =
                executor.type.map { "executor \($0)" }
                ?? index.reference(to: .executor(executor.address))
            state = "queued on \(name), on which nothing runs"
        }
        let place = place(of: finding)
        let isOne = finding.isAboutOne
        return "\(tasks(finding)) \(isOne ? "has" : "have") never started: "
            + "\(isOne ? "it is" : "they are") \(state)"
            + (place.isEmpty ? "" : "; \(isOne ? "it begins" : "they begin")\(place)")
    }

    private func deaf(_ finding: Finding, _ awaited: Finding.Awaited) -> PageText {
        let isOne = finding.isAboutOne
        let what: PageText =
            switch awaited {
            case .task(let id):
                "for \(index.reference(toTask: id)), which has not been cancelled"
            case .tasks: "for other tasks, which have not been cancelled"
            case .continuation: isOne ? "for a continuation" : "for continuations"
            }
        return "\(tasks(finding)) \(isOne ? "was" : "were") cancelled and still "
            + "\(isOne ? "waits" : "wait") \(what)\(clause(place(of: finding)))"
    }

    private func waiters(_ first: Int32, _ count: Int) -> PageText {
        count == 1 ? "thread \(first) waits" : "\(count) threads wait"
    }

    // MARK: Tasks and places

    private func tasks(_ finding: Finding) -> PageText { tasks(finding.taskIDs) }

    /// `tasks 1, 2 and 3`, the rest as a number.
    func tasks(_ ids: [UInt64]) -> PageText {
        if ids.count == 1, let only = ids.first { return index.reference(toTask: only) }
        let shown = ids.prefix(ids.count > 5 ? 4 : 5).map { "\($0)" as PageText }
        let rest = ids.count - shown.count
        return rest > 0
            ? "\(ids.count) tasks (\(PageText.joined(shown, separator: ", ")) and \(rest) more)"
            : "tasks \(Self.list(shown))"
    }

    /// `a, b and c`.
    static func list(_ parts: [PageText]) -> PageText {
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return "\(PageText.joined(Array(parts.dropLast()), separator: ", ")) and \(last)"
    }

    /// Where the first of the tasks stands; they all stand there.
    private func place(of finding: Finding) -> PageText {
        place(finding.taskIDs.first.flatMap(index.task)?.frames ?? [])
    }

    /// ` in Bank.block() at bank.swift:6`: the innermost frame of the program's own; empty where no
    /// frame has a name.
    func place(_ frames: [Frame]) -> PageText {
        guard let own = frames.ownFrame(executable: index.executable) else { return "" }
        let frame = frames[own]
        guard let function = frame.function ?? frame.symbol else { return "" }
        guard let location = frame.location, location.line > 0 else { return " in \(function)" }
        return " in \(function) at \(location.file.lastPathComponent):\(location.line)"
    }

    /// A place as the end of a sentence.
    private func clause(_ place: PageText) -> PageText { place.isEmpty ? "" : ",\(place)" }
}

extension Finding {
    /// The tasks among its subjects.
    fileprivate var taskIDs: [UInt64] {
        subjects.compactMap { if case .task(let id) = $0 { id } else { nil } }
    }

    fileprivate var isAboutOne: Bool { taskIDs.count == 1 }
}
