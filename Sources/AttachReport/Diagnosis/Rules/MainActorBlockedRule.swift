/// `main-actor-blocked`: the main actor's thread is blocked while its jobs wait.
enum MainActorBlockedRule: Rule {
    static func suspicions(in scene: Scene) -> [Suspicion] {
        guard let node = scene.node(.mainActor) else { return [] }
        let record = scene.snapshot.actors.first { $0.kind == .main }
        // Either a job of it runs on a thread, or only one thread serves it.
        let arrows = scene.graph.leaving(node).map { scene.graph.arrows[$0] }
        let task = arrows.lazy.compactMap { scene.task(at: $0.to)?.id }.first
        let thread = arrows.lazy.compactMap { scene.thread(at: $0.to)?.id }.first
        guard
            let holder = BlockedHolder(
                .mainActor, task: task, thread: thread ?? record?.thread, in: scene)
        else { return [] }
        return holder.suspicion(Finding.Cause.mainActorBlocked, in: scene).map { [$0] } ?? []
    }
}
