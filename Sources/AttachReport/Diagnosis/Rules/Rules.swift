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
