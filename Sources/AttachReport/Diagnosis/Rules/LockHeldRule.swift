/// `lock-held`: threads wait for a lock that somebody does not give back.
enum LockHeldRule: Rule {
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
        guard let node = scene.index.node(ofThread: owner.id), let first = waiters.first,
            let certainty = certainty(owner, waiters, in: scene)
        else { return nil }
        var evidence: [Finding.Fact] = waiters.prefix(16).map { .thread($0.id) }
        evidence.append(.thread(owner.id))
        if waiters.count > 16 { evidence.append(.more(waiters.count - 16, .waiters)) }
        if certainty.0 == .likely, let look = scene.secondLook { evidence.append(look) }
        let locks = Array(Set(waiters.compactMap(\.lockSubject)))
        return Suspicion(
            cause: .lockHeld(first: first.id, count: waiters.count, owner: owner.id),
            phase: scene.pool?.contains(owner.id) == true ? .lock : .root,
            severity: .problem, confidence: certainty.0, couldRise: certainty.couldRise,
            roots: [node],
            distance: .max,
            subjects: [.thread(owner.id)]
                + locks.sorted { scene.node($0) ?? 0 < scene.node($1) ?? 0 },
            evidence: evidence)
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
        guard let node = scene.node(lock), let first = threads.first
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
        var evidence: [Finding.Fact] = threads.prefix(16).map { .thread($0.id) }
        if certainty.0 == .likely, let look = scene.secondLook { evidence.append(look) }
        return Suspicion(
            cause: .lockOrphaned(first: first.id, count: threads.count), phase: .root,
            severity: .problem,
            confidence: certainty.0, couldRise: certainty.couldRise, roots: [node],
            subjects: [lock], evidence: evidence)
    }
}
