/// Joins the subjects of a wait graph into nodes, in time linear in the number of edges.
struct GraphJoining {
    private struct ArrowKey: Hashable {
        let from: Int
        let to: Int
        let kind: Edge.Kind
    }

    /// What subjects of one node have in common.
    private enum Key: Hashable {
        case alone(Subject)
        case tasks(like: Int, waitingFor: [Subject])
        case threads(like: Int)
        case continuations(like: Int)
    }

    private let report: Report
    private let joins: Bool
    /// Entries of the page, by task id and thread id.
    private var taskClasses: [UInt64: Int] = [:]
    private var threadClasses: [Int32: Int] = [:]
    /// Members of cycles, and the first subjects of findings, which stand alone.
    private var alone: Set<Subject> = []
    private var cycles: Set<Subject> = []
    private var suspects: Set<Subject> = []
    private var numbers: [Subject: Int] = [:]

    init(_ report: Report, joins: Bool) {
        self.report = report
        self.joins = joins
        for finding in report.findings {
            if finding.kind == .deadlock { cycles.formUnion(finding.subjects) }
            if finding.confidence > .hint {
                suspects.formUnion(finding.subjects)
                if alone.count < GraphDrawing.mostNodes { alone.formUnion(finding.subjects) }
            }
        }
        alone.formUnion(cycles)
        let tasks = report.snapshot.tasks
        for (number, group) in TaskGrouping(tasks, joining: joins).groups.enumerated() {
            for member in group.members { taskClasses[tasks[member].id] = number }
        }
        var stacks = StackTable()
        for thread in report.snapshot.threads {
            threadClasses[thread.id] = stacks.number(of: thread.frames)
        }
    }

    /// The nodes, in the order in which findings and edges name them.
    mutating func nodes() -> [GraphDrawing.Node] {
        var targets: [Subject: [Subject]] = [:]
        for edge in report.edges where joins {
            // What stands for itself tells tasks of one entry apart; others only by their kind.
            switch edge.to {
            case .actor, .mainActor, .executor, .globalExecutor, .lock, .queue, .group:
                if (targets[edge.from]?.count ?? 0) < 4 {
                    targets[edge.from, default: []].append(edge.to)
                }
            case .task, .thread, .continuation: break
            }
        }
        var nodes: [GraphDrawing.Node] = []
        var known: [Key: Int] = [:]
        func add(_ subject: Subject) {
            guard numbers[subject] == nil else { return }
            let key = key(of: subject, waitingFor: targets[subject] ?? [])
            let number = known[key] ?? nodes.count
            numbers[subject] = number
            if number == nodes.count {
                known[key] = number
                nodes.append(GraphDrawing.Node(members: [subject]))
            } else {
                nodes[number].members.append(subject)
            }
            if cycles.contains(subject) { nodes[number].isInCycle = true }
            if suspects.contains(subject) { nodes[number].isSuspect = true }
        }
        for finding in report.findings where finding.confidence > .hint {
            finding.subjects.forEach(add)
        }
        for edge in report.edges {
            add(edge.from)
            add(edge.to)
        }
        return nodes
    }

    /// The arrows between the nodes that `nodes` gave.
    func arrows(between count: Int) -> [GraphDrawing.Arrow] {
        var arrows: [GraphDrawing.Arrow] = []
        var known: [ArrowKey: Int] = [:]
        for edge in report.edges {
            guard let from = numbers[edge.from], let to = numbers[edge.to] else { continue }
            let key = ArrowKey(from: from, to: to, kind: edge.kind)
            if let arrow = known[key] {
                arrows[arrow].count += 1
                continue
            }
            known[key] = arrows.count
            arrows.append(
                GraphDrawing.Arrow(
                    from: from, to: to, kind: edge.kind, count: 1,
                    isInCycle: cycles.contains(edge.from) && cycles.contains(edge.to)))
        }
        return arrows
    }

    /// The node that a subject is in; nil where it is in none.
    func node(of subject: Subject) -> Int? { numbers[subject] }

    private func key(of subject: Subject, waitingFor targets: [Subject]) -> Key {
        guard joins, !alone.contains(subject) else { return .alone(subject) }
        switch subject {
        case .task(let id):
            guard let number = taskClasses[id] else { return .alone(subject) }
            return .tasks(like: number, waitingFor: targets)
        case .continuation(let id):
            guard let number = taskClasses[id], !alone.contains(.task(id)) else {
                return .alone(subject)
            }
            return .continuations(like: number)
        case .thread(let id):
            guard let number = threadClasses[id], !targets.isEmpty else { return .alone(subject) }
            return targets.count == 1 && joinsThreads
                ? .threads(like: number) : .alone(subject)
        default: return .alone(subject)
        }
    }

    /// Threads are few; each is drawn for itself unless there are very many.
    private var joinsThreads: Bool { threadClasses.count > GraphDrawing.mostNodes }
}
