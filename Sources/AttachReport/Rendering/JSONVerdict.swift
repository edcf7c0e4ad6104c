extension JSONWriter {
    mutating func members(of finding: Finding, _ phrases: FindingPhrases) {
        member("kind", finding.kind.rawValue)
        member("severity", finding.severity.rawValue)
        member("confidence", finding.confidence.name)
        member("subjects", finding.subjects)
        member("affected", finding.affected)
        member("message", phrases.message(of: finding))
        member("evidence", phrases.evidence(of: finding))
        member("advice", phrases.advice(for: finding))
        member("unchangedNanoseconds", finding.unchanged)
    }

    mutating func members(of edge: Edge) {
        key("from")
        value(edge.from)
        key("to")
        value(edge.to)
        member("kind", edge.kind.rawValue)
        member("evidence", edge.evidence.phrase)
    }

    mutating func members(of stillness: Stillness) {
        member("nanoseconds", stillness.nanoseconds)
        member("patienceNanoseconds", stillness.patience)
        member("threads", stillness.threads.sorted())
        member("tasks", stillness.tasks.sorted())
    }

    mutating func members(of actor: ActorRecord) {
        key("subject")
        value(actor.subject)
        member("address", actor.subject.address)
        member("kind", actor.kind.rawValue)
        member("type", actor.type)
        member("state", actor.state.rawValue)
        if actor.isRemote { member("remote", true) }
        if actor.task != nil || (actor.state == .running && actor.thread != nil) {
            member("heldBy", inline: true) {
                $0.member("task", actor.task)
                $0.member("thread", actor.thread)
            }
        }
        member("thread", actor.thread)
        key("queue")
        array(actor.queue, inline: true) { writer, job in
            writer.object(inline: true) {
                switch job {
                case .task(let id): $0.member("task", id)
                case .other(let address): $0.member("job", address)
                }
            }
        }
        member("queueComplete", actor.isQueueComplete)
        member("suspendedInside", actor.suspendedInside)
    }

    mutating func members(of wait: ThreadWait) {
        member("kind", wait.kind.rawValue)
        member("object", wait.object)
        member("label", wait.label)
        member("owner", wait.owner)
        member("deadOwner", wait.deadOwner)
        member("timeLeftNanoseconds", wait.timeLeft)
        if wait.hasUnknownTimeout { member("unknownTimeout", true) }
        member("timeLimitNanoseconds", wait.timeLimit)
        if !wait.descriptors.isEmpty {
            key("descriptors")
            array(wait.descriptors, inline: true) { writer, descriptor in
                writer.object(inline: true) {
                    $0.member("number", descriptor.number)
                    $0.member("kind", descriptor.kind.rawValue)
                    $0.member("name", descriptor.name)
                }
            }
        }
        member("evidence", wait.evidence)
    }

    mutating func members(of continuation: ContinuationRecord, index: SnapshotIndex) {
        member("checked", continuation.isChecked)
        member("creator", continuation.creator)
        guard let reach = continuation.reach else { return }
        member("resumedBy", inline: true) {
            switch reach {
            case .held(let holders):
                $0.member("kind", "held")
                $0.member("holders", holders.map { index.phrase(of: $0).string })
            case .nowhere(let bytes):
                $0.member("kind", "nobody")
                $0.member("bytesSearched", bytes)
            case .unknown(let reason):
                $0.member("kind", "unknown")
                $0.member("reason", reason)
            }
        }
    }

    private mutating func member(_ key: StaticString, _ subjects: [Subject]) {
        self.key(key)
        array(subjects, inline: true) { writer, subject in writer.value(subject) }
    }

    /// An object with one member that says what it is and which one.
    private mutating func value(_ subject: Subject) {
        object(inline: true) {
            switch subject {
            case .task(let id): $0.member("task", id)
            case .thread(let id): $0.member("thread", id)
            case .actor(let address): $0.member("actor", address)
            case .mainActor: $0.member("mainActor", true)
            case .executor(let address): $0.member("executor", address)
            case .globalExecutor: $0.member("globalExecutor", true)
            case .group(let address): $0.member("group", address)
            case .continuation(let id): $0.member("continuationOf", id)
            case .lock(let address): $0.member("lock", address)
            case .queue(let address): $0.member("queue", address)
            }
        }
    }
}
