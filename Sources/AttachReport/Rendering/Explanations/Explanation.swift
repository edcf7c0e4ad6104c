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
    /// What to do about it, in one sentence.
    public let advice: String

    /// The explanation of one kind of finding.
    public static func of(_ kind: Finding.Kind) -> Explanation {
        switch kind {
        case .deadlock: deadlock
        case .actorBlocked: actorBlocked
        case .mainActorBlocked: mainActorBlocked
        case .poolStarved: poolStarved
        case .lostContinuation: lostContinuation
        case .unreadError: unreadError
        case .neverStarted: neverStarted
        case .cancelledStillWaiting: cancelledStillWaiting
        case .lockHeld: lockHeld
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
