import AttachReport

/// The jobs that wait before a default actor, in the order in which it will run them.
///
/// Whoever drains an actor takes what has come in (linked newest first), and puts each job behind
/// those of its priority that it has sorted already (`DefaultActorImpl::processIncomingQueue`,
/// stdlib/public/Concurrency/Actor.cpp, and `PriorityQueue`; up to 5.10 `preprocessQueue`, for
/// which the sorted jobs follow the others in one list).
struct ActorQueue {
    /// A job and how urgent it is.
    private struct Link {
        var job: ActorRecord.Job
        var bucket: Int
        /// Whether the link to it is marked as one to a job that has not been sorted.
        var isUnsorted: Bool
    }

    /// Who waits, in order.
    private(set) var jobs: [ActorRecord.Job] = []
    /// Whether both lists could be read to their ends.
    private(set) var isWhole = true

    /// Reads the lists of an actor.
    init(of actor: DefaultActor, walk: inout BoundedWalk, _ view: inout RuntimeView) {
        let first = list(from: actor.incoming, of: actor, &walk, &view)
        var links: [Link]
        if let sorted = actor.sorted {
            links = list(from: sorted, of: actor, &walk, &view) + first.reversed()
        } else {
            let unsorted = first.prefix { $0.isUnsorted }
            links = first[unsorted.endIndex...] + unsorted.reversed()
        }
        guard isSorted(links) else {
            // Swift's sort is stable; that it stays so is promised nowhere.
            let order = links.indices.sorted { (links[$0].bucket, $0) < (links[$1].bucket, $1) }
            jobs = order.map { links[$0].job }
            return
        }
        jobs = links.map(\.job)
    }

    private func isSorted(_ links: [Link]) -> Bool {
        zip(links, links.dropFirst()).allSatisfy { $0.bucket <= $1.bucket }
    }

    private mutating func list(
        from head: UInt64, of actor: DefaultActor, _ walk: inout BoundedWalk,
        _ view: inout RuntimeView
    ) -> [Link] {
        var result: [Link] = []
        var link = head
        walk.restart()
        while link != 0 {
            let job = link & DefaultActorLayout.jobMask
            guard walk.step(to: job) == nil, job & 7 == 0, let first = view.reader.word(job),
                let flags = view.reader.half(job &+ JobLayout.flags),
                let next = view.reader.word(job, JobLayout.link)
            else { return stopped(result) }
            let kind: ActorRecord.Job
            if let position = view.position(of: job) {
                // A task waits in one place alone, and says in which.
                guard
                    let wait = TaskDependency(
                        of: view.tasks[position], layout: view.layout, reader: &view.reader),
                    wait.kind == .executor, wait.subject == actor.address
                else { return stopped(result) }
                kind = .task(view.tasks[position].id)
            } else {
                guard first == view.location.jobISA, first != 0 else { return stopped(result) }
                kind = .other(Address(job))
            }
            result.append(
                Link(
                    job: kind, bucket: Self.bucket(JobFlags(rawValue: flags).priority),
                    isUnsorted: link & DefaultActorLayout.isUnsortedMark != 0))
            link = next
        }
        return result
    }

    private mutating func stopped(_ links: [Link]) -> [Link] {
        isWhole = false
        return links
    }

    /// The place of a priority in the queue of an actor, which rounds unknown ones up.
    static func bucket(_ priority: UInt8) -> Int {
        switch priority {
        case 0...0x09: 4
        case 0x0a...0x11: 3
        case 0x12...0x15: 2
        case 0x16...0x19: 1
        default: 0
        }
    }
}
