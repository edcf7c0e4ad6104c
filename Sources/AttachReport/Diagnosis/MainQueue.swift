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
            let wait = thread.wait, !wait.isIdle, !thread.frames.isEmpty
        else { return nil }
        // Any name that says it stands there to serve, or gave the queue away.
        let serves = thread.frames.contains { frame in
            let names = [frame.function, frame.symbol]
            return names.contains { name in
                name.map { name in marks.contains { contains(name, $0) } } ?? false
            }
        }
        // Where the innermost function has no name, the others may be missing as well.
        let isReadable = thread.frames.contains { $0.folding == nil && $0.function != nil }
        return serves || !isReadable ? nil : id
    }

    private static let marks = [
        "RunLoop", "dispatch_main", "DrainMainQueue", "asyncMainDrainQueue", "main_queue_drain",
        "_dispatch_sigsuspend", "_dispatch_sig_thread",
    ]

    /// Whether `text` contains `part`, byte by byte.
    private static func contains(_ text: String, _ part: String) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains {
            text[$0..<($0 + part.count)].elementsEqual(part)
        }
    }
}
