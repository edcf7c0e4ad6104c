/// Who serves the main actor's queue while none of its jobs runs.
enum MainQueue {
    /// The one thread that could run the main actor's jobs and cannot, because it sits in a
    /// blocking call; nil where there is none, or where that is not known.
    ///
    /// Until a program calls `dispatchMain()` (as the runtime does for an `async` main), only its
    /// initial thread serves the main queue: in a run loop, or not at all.
    static func blockedServer(_ snapshot: Snapshot, _ record: ActorRecord?) -> Int32? {
        let id = record?.thread ?? snapshot.process.pid
        guard let thread = snapshot.threads.first(where: { $0.id == id }),
            let wait = thread.wait, !wait.isIdle
        else { return nil }
        return switch thread.role {
        case .other, .eventLoop: id
        case .mainQueue, .poolWorker, .queueWorker, nil: nil
        }
    }
}
