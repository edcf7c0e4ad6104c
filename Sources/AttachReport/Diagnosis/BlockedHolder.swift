/// An actor or executor whose current job sits in a blocking call while others wait for it: what
/// the rules for actors and for the main actor have in common.
struct BlockedHolder {
    let subject: Subject
    let node: Int32
    let task: UInt64?
    let chain: BlockedChain
    /// Tasks that queue on it.
    let waiters: [TaskRecord]

    /// Nil unless the thread sits in a blocking call and somebody waits.
    init?(_ subject: Subject, task: UInt64?, thread id: Int32?, in scene: Scene) {
        guard let node = scene.node(subject),
            let thread = (id ?? task.flatMap { scene.task($0)?.thread }).flatMap({
                scene.thread($0)
            }),
            let wait = thread.wait, !wait.isIdle
        else { return nil }
        let queued = scene.graph.arriving(at: node).lazy.map { scene.graph.arrows[Int($0)] }
            .filter { $0.kind == .queuedOn }
        guard !queued.isEmpty else { return nil }
        self.subject = subject
        self.node = node
        self.task = task ?? thread.task
        waiters = Array(queued.prefix(1_000).compactMap { scene.task(at: $0.from) })
        chain = BlockedChain(from: thread, in: scene)
    }

    var thread: Int32 { chain.threads[0].id }

    /// The suspicion, or nil where another rule has the better explanation or it has moved.
    func suspicion(
        _ cause: (Finding.Occupant) -> Finding.Cause, in scene: Scene
    ) -> Suspicion? {
        guard !chain.isShared, let root = chain.root(in: scene),
            let (confidence, couldRise) = chain.certainty(in: scene)
        else { return nil }
        var evidence: [Finding.Fact] = chain.threads.map { .thread($0.id) }
        evidence.append(.queue(of: subject, count: waiters.count))
        if confidence == .likely, let look = scene.secondLook { evidence.append(look) }
        let isOfPool = scene.pool?.contains(chain.threads[chain.threads.count - 1].id) ?? false
        return Suspicion(
            cause: cause(chain.occupant(task)), phase: isOfPool ? .blocked : .root,
            severity: .problem,
            confidence: confidence, couldRise: couldRise, roots: [root],
            distance: chain.threads.count - 1,
            subjects: [subject] + (task.map { [.task($0)] } ?? []) + [.thread(thread)]
                + chain.subjects,
            evidence: evidence)
    }
}
