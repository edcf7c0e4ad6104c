/// What a finding means, for somebody who has never seen the runtime.
public struct Explanation: Sendable {
    /// What is explained.
    public let kind: Finding.Kind
    /// What is wrong, as a heading, e.g. `An actor is blocked`.
    public let title: String
    /// The same in a word or two, in capitals, e.g. `ACTOR BLOCKED`.
    public let label: String
    /// What it means, in paragraphs separated by empty lines.
    public let meaning: String
    /// How to make sure that it is so.
    public let makingSure: String
    /// How it is usually mended.
    public let mending: String

    /// The explanation of one kind of finding.
    public static func of(_ kind: Finding.Kind) -> Explanation { kind.rule.explanation }
}

extension Finding.Kind {
    /// The rule that makes findings of this kind. There is no default case, so that a kind without
    /// a rule does not compile.
    var rule: any Rule.Type {
        switch self {
        case .deadlock: DeadlockRule.self
        case .actorBlocked: ActorBlockedRule.self
        case .mainActorBlocked: MainActorBlockedRule.self
        case .poolStarved: PoolStarvedRule.self
        case .lostContinuation: LostContinuationRule.self
        case .unreadError: UnreadErrorRule.self
        case .neverStarted: NeverStartedRule.self
        case .cancelledStillWaiting: CancelledStillWaitingRule.self
        case .lockHeld: LockHeldRule.self
        }
    }
}

extension Finding.Confidence {
    /// The word for it, which is part of the JSON format.
    public var name: String {
        switch self {
        case .hint: "hint"
        case .likely: "likely"
        case .proven: "proven"
        }
    }
}
