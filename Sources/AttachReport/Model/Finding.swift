/// Something that is wrong, or may be, with who is concerned and how that is known.
public struct Finding: Hashable, Sendable, Codable {
    /// What is wrong; the raw values are stable, and the arguments of `explain`.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A cycle of waits.
        case deadlock
        /// An actor's current job sits in a blocking call while others wait for it.
        case actorBlocked = "actor-blocked"
        /// The main actor's thread is blocked while its jobs wait.
        case mainActorBlocked = "main-actor-blocked"
        /// All threads of the pool are blocked while jobs wait.
        case poolStarved = "pool-starved"
        /// Nobody can resume this task.
        case lostContinuation = "lost-continuation"
        /// A task has failed, and nobody has looked.
        case unreadError = "unread-error"
        /// A task was made, and has never run.
        case neverStarted = "never-started"
        /// A cancelled task sits in a wait that ignores cancellation.
        case cancelledStillWaiting = "cancelled-still-waiting"
        /// Threads wait for a lock that somebody does not give back.
        case lockHeld = "lock-held"
    }

    /// How much it matters, if it is so.
    public enum Severity: String, Hashable, Sendable, Codable {
        /// Something stands still, or is lost.
        case problem
        /// Something that people usually want to know.
        case warning
        /// Worth a look.
        case note
    }

    /// How sure it is.
    public enum Confidence: Int, Hashable, Comparable, Sendable, Codable, CaseIterable {
        /// It looks like it; a healthy process can look the same.
        case hint
        /// Healthy processes do not look like this, as far as we know.
        case likely
        /// It follows from what was read.
        case proven

        /// Orders by certainty.
        public static func < (left: Confidence, right: Confidence) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    /// What is wrong.
    public var kind: Kind { cause.kind }
    /// How much it matters, if it is so.
    public var severity: Severity
    /// How sure it is.
    public var confidence: Confidence
    /// Who is at the root of it, the most telling first; never empty. For a cycle, in its order.
    public var subjects: [Subject]
    /// Who is stuck behind it, directly or through others; ascending.
    public var affected: [Subject]
    /// What it takes, beside the subjects, to say what is wrong. `FindingPhrases` says it.
    public var cause: Cause
    /// What was read that shows it, for an expert.
    public var evidence: [Fact]
    /// Nanoseconds for which nothing of it had moved, where it rests on that; nil otherwise.
    public var unchanged: Int64?

    /// Memberwise.
    public init(
        _ cause: Cause, severity: Severity, confidence: Confidence, subjects: [Subject],
        affected: [Subject] = [], evidence: [Fact] = [], unchanged: Int64? = nil
    ) {
        self.cause = cause
        self.severity = severity
        self.confidence = confidence
        self.subjects = subjects
        self.affected = affected
        self.evidence = evidence
        self.unchanged = unchanged
    }
}
