import AttachReport

/// Reads locks whose one word holds the owner's thread id: those of `Synchronization.Mutex`, of
/// the Swift runtime and of libdispatch.
struct OwnerWords {
    /// Where they lie.
    let memory: TargetMemory
    /// Who can own one.
    let numbers: ThreadNumbers

    /// What a thread waits for in such a word.
    ///
    /// - Parameter evidence: Where the owner was read.
    func wait(
        _ futex: FutexCall, _ kind: ThreadWait.Kind, of thread: Int32, evidence: String
    ) -> ThreadWait {
        var wait = ThreadWait(kind: kind, object: futex.word)
        guard let word: UInt32 = memory.load(futex.word) else { return wait }
        wait.evidence = evidence
        wait.setOwner(
            word & FutexCall.ownerMask, numbers, waiter: thread, isShared: !futex.isPrivate)
        return wait
    }
}
