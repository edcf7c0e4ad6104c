/// What a rule has found, before it is known what explains what.
struct Suspicion {
    /// Which suspicions of equal certainty are believed first: the others may follow from them.
    enum Phase: Int {
        case cycle, root, pool, blocked, lock, smallPool, lost, deaf, unstarted, error
    }

    var cause: Finding.Cause
    var phase: Phase
    var severity: Finding.Severity
    var confidence: Finding.Confidence
    /// Whether it would be surer if a second look found nothing moved.
    var couldRise = false
    /// The nodes whose standing still is the trouble: who waits for them is stuck behind it. Where
    /// all of them are stuck behind something surer, this is no finding of its own.
    var roots: [Int32]
    /// How many steps lie between what is said and the roots; fewer are told first. A lock is told
    /// of last: it says less than the actor that is blocked by it.
    var distance = 0
    /// Nodes with which it becomes likely, if all of them are stuck for sure. It is then worth
    /// saying though it follows from something else.
    var raisedBehind: [Int32]? = nil
    var subjects: [Subject]
    var evidence: [Finding.Fact]
}

/// Knows how one kind of finding is recognised.
protocol Rule {
    /// All places that look like it.
    static func suspicions(in scene: Scene) -> [Suspicion]
}
