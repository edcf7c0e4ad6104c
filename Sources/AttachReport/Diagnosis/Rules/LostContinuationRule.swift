/// `lost-continuation`: nobody can resume this task.
enum LostContinuationRule: Rule {
    static func suspicions(in scene: Scene) -> [Suspicion] {
        let gap = scene.snapshot.coverage.gaps.first(where: mayHideReference)
        let lost = scene.snapshot.tasks.indices.lazy.filter { isLost($0, in: scene) }.map {
            Int32(truncatingIfNeeded: $0)
        }
        return TaskBatch.make(lost, in: scene) { $0.continuation?.creator }.map {
            suspicion($0, gap, in: scene)
        }
    }

    private static func isLost(_ place: Int, in scene: Scene) -> Bool {
        let task = scene.snapshot.tasks[place]
        guard task.state == .suspended, case .nowhere? = task.continuation?.reach else {
            return false
        }
        // If it went on, somebody had it after all.
        return scene.stillness?.tasks.contains(task.id) ?? true
    }

    /// Where something was not read, it may have been there.
    private static func mayHideReference(_ gap: Gap) -> Bool {
        if case .file = gap.subject { return false }
        return switch gap.reason {
        case .shortRead, .budget, .limit, .notStopped: true
        case .unmapped, .cycle, .unknownLayout, .noSymbols, .inconsistent: false
        }
    }

    private static func suspicion(
        _ batch: TaskBatch, _ gap: Gap?, in scene: Scene
    ) -> Suspicion {
        let first = batch.first
        var evidence: [Finding.Fact] = []
        if case .nowhere(let bytes)? = first.continuation?.reach {
            evidence.append(.searched(bytes: bytes))
        }
        if let creator = first.continuation?.creator {
            evidence.append(.continuation(isChecked: true, creator: creator))
        } else if let isChecked = first.continuation?.isChecked {
            evidence.append(.continuation(isChecked: isChecked, creator: nil))
        }
        if let look = scene.secondLook { evidence.append(look) }
        if let gap { evidence.append(.unread(gap.subject)) }
        return Suspicion(
            cause: .lostContinuation, phase: .lost, severity: .problem,
            confidence: gap == nil ? .proven : .hint,
            // A picture may show the middle of a resume: then the task has moved a moment later.
            couldRise: scene.canLookAgain, roots: batch.nodes, subjects: batch.subjects,
            evidence: evidence)
    }
}
