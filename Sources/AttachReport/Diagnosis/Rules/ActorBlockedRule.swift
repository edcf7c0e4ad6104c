/// `actor-blocked`: an actor's current job sits in a blocking call while others wait for it.
enum ActorBlockedRule: Rule {
    static func suspicions(in scene: Scene) -> [Suspicion] {
        scene.snapshot.actors.compactMap { actor in
            guard actor.kind != .main, actor.kind != .globalExecutor, actor.state != .scheduled,
                let holder = BlockedHolder(
                    actor.subject, task: actor.task, thread: actor.thread, in: scene),
                var suspicion = holder.suspicion(Finding.Cause.actorBlocked, in: scene)
            else { return nil }
            // A task executor may have other threads, which take what waits.
            if actor.kind == .taskExecutor, let still = scene.stillness,
                !holder.waiters.allSatisfy({ still.tasks.contains($0.id) })
            {
                suspicion.confidence = .hint
                suspicion.couldRise = false
            }
            return suspicion
        }
    }
}
