/// `lock-held`: threads wait for a lock that somebody does not give back.
enum LockHeldRule: Rule {
    static let explanation = Explanation(
        kind: .lockHeld, title: "A lock is not given back", label: "LOCK HELD",
        meaning: """
            Threads wait for a lock, and the thread that has it does something else meanwhile: it \
            sleeps, waits for input, waits for a third one, or has even ended without unlocking. \
            Everything that needs the lock stands still for as long. If the waiting threads belong \
            to the pool of Swift tasks, all other tasks feel it too.
            """,
        makingSure: """
            The finding names the owner of the lock; its stack shows what it does while it has \
            the lock. Look again after some seconds: if the same thread still holds the same lock \
            and has not moved, it does not give it back. A lock held by a thread that is computing \
            will be given back, but perhaps too late. Threads that take turns to wait for input, \
            one with the lock and the others for it, only look like this.
            """,
        mending: """
            Hold a lock only to read or change variables. Do not sleep, do input or output, wait \
            for a semaphore, or call code that you do not know between `lock` and `unlock`. Copy \
            what is needed, unlock, and then do the slow thing.

            Use `withLock { }` or `defer { lock.unlock() }`, so that an early `return` or `throw` \
            unlocks too; a lock whose owner has ended was left locked on such a path. Never hold a \
            lock across an `await`: the task may go on on another thread, which cannot unlock it.
            """)

    private static let advice =
        "See what the owner does while it has the lock; give the lock back before anything slow"

    static func suspicions(in scene: Scene) -> [Suspicion] {
        let owned = scene.lockOwners.compactMap { scene.thread($0) }.compactMap { owner in
            suspicion(owner, in: scene)
        }
        return owned
            + scene.orphanedLocks.compactMap { orphan in
                suspicion(orphan.lock, orphan.waiters, in: scene)
            }
    }

    /// A lock whose owner lives, and does not wait for a lock itself: that one is told of then.
    private static func suspicion(_ owner: ThreadRecord, in scene: Scene) -> Suspicion? {
        if let wait = owner.wait, wait.kind != .join,
            wait.owner.flatMap({ scene.thread($0) }) != nil
        {
            return nil
        }
        let waiters = scene.waiters(forLocksOf: owner.id).compactMap { scene.thread($0) }
        guard let node = scene.index.thread(owner.id), let first = waiters.first,
            let wait = first.wait, let certainty = certainty(owner, waiters, in: scene)
        else { return nil }
        let words = scene.words
        let task = owner.task.map { " (runs \(words.task($0)))" } ?? ""
        let who = waiters.count == 1 ? "thread \(first.id) waits" : "\(waiters.count) threads wait"
        var evidence = waiters.prefix(16).map { words.fact($0) } + [words.fact(owner)]
        if waiters.count > 16 { evidence.append("… and \(waiters.count - 16) more threads wait") }
        if certainty.0 == .likely, let look = scene.secondLook { evidence.append(look) }
        let locks = Array(Set(waiters.compactMap(\.lockSubject)))
        return Suspicion(
            kind: .lockHeld, phase: scene.pool?.contains(owner.id) == true ? .lock : .root,
            severity: .problem, confidence: certainty.0, couldRise: certainty.couldRise,
            roots: [node],
            distance: .max,
            subjects: [.thread(owner.id)]
                + locks.sorted { scene.node($0) ?? 0 < scene.node($1) ?? 0 },
            message: "\(who) for \(Words.thing(wait)) that thread \(owner.id)\(task) holds, which "
                + "\(words.activity(owner))\(words.place(owner.frames))",
            evidence: evidence, advice: advice)
    }

    private static func certainty(
        _ owner: ThreadRecord, _ waiters: [ThreadRecord], in scene: Scene
    ) -> (Finding.Confidence, couldRise: Bool)? {
        let patient = waiters.filter { $0.wait?.mayEndByItself == false }
        guard !patient.isEmpty else { return (.hint, false) }
        if let stillness = scene.stillness,
            !patient.contains(where: { stillness.threads.contains($0.id) })
        {
            return nil
        }
        if RestingDesign.isLike(owner, waiters, in: scene) { return (.hint, false) }
        return scene.certainty(thatStand: [owner]) ?? (.hint, false)
    }

    /// A lock whose owner has ended: nobody gives it back.
    private static func suspicion(
        _ lock: Subject, _ waiters: [Int32], in scene: Scene
    ) -> Suspicion? {
        let threads = waiters.compactMap { scene.thread($0) }
        guard let node = scene.node(lock), let first = threads.first, let wait = first.wait
        else { return nil }
        let patient = threads.filter { $0.wait?.mayEndByItself == false }
        let certainty: (Finding.Confidence, couldRise: Bool)
        if patient.isEmpty {
            certainty = (.hint, false)
        } else if let all = scene.certainty(thatStandForGood: patient) {
            certainty = all
        } else {
            return nil
        }
        let who = threads.count == 1 ? "thread \(first.id) waits" : "\(threads.count) threads wait"
        var evidence = threads.prefix(16).map { scene.words.fact($0) }
        if certainty.0 == .likely, let look = scene.secondLook { evidence.append(look) }
        return Suspicion(
            kind: .lockHeld, phase: .root, severity: .problem,
            confidence: certainty.0, couldRise: certainty.couldRise, roots: [node],
            subjects: [lock],
            message: "\(who) for \(Words.thing(wait)) whose owner, thread "
                + "\(wait.deadOwner ?? 0), has ended without giving it back"
                + Words.clause(scene.words.place(first.frames)),
            evidence: evidence, advice: advice)
    }
}
