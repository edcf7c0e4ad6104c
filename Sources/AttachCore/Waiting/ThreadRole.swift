import AttachReport

/// Tells what a thread is for by the functions on its stack.
struct ThreadRole {
    /// Frames at the outer end of a worker's stack: nothing but the start of the thread is further
    /// out.
    private static let outermost = 6

    /// The role of a thread.
    ///
    /// - Parameters:
    ///   - frames: Its native stack, innermost first.
    ///   - name: The name it gave itself.
    ///   - mayServeMain: Whether it is the first thread of the process, or the one that the main
    ///     actor is bound to: a run loop of another thread does not serve the main queue.
    /// - Returns: nil where no frame has a name.
    static func role(
        frames: [Frame], name: String, mayServeMain: Bool
    ) -> ThreadRecord.Role? {
        if let worker = worker(frames, name) { return worker }
        if mayServeMain, frames.contains(where: servesMainQueue) { return .mainQueue }
        if frames.contains(where: servesLoop) { return .eventLoop }
        // Where the innermost function has no name, the others may be missing as well.
        let isReadable = frames.contains { $0.folding == nil && $0.function != nil }
        return isReadable ? .other : nil
    }

    // MARK: Workers

    private static func worker(_ frames: [Frame], _ name: String) -> ThreadRecord.Role? {
        // Threads of the queues that may always have one more serve no tasks.
        let role: ThreadRecord.Role = name.hasSuffix("overcommit") ? .queueWorker : .poolWorker
        var isReadable = false
        for frame in frames.suffix(outermost) {
            guard let function = frame.symbol ?? frame.function else { continue }
            isReadable = true
            if function.hasPrefix("_dispatch_worker_thread")
                || function.hasPrefix("_dispatch_root_queue_drain")
            {
                return role
            }
        }
        // Without symbols there is the name that libdispatch gives its threads.
        let isNamed = name.hasPrefix("oot.") || name.hasSuffix("-qos")
        return !isReadable && isNamed ? role : nil
    }

    // MARK: Loops

    /// Parts of names that say that a thread stands there to serve the main queue, or has given it
    /// away.
    private static let mainQueueMarks = [
        "RunLoop", "dispatch_main", "DrainMainQueue", "asyncMainDrainQueue", "main_queue_drain",
        "_dispatch_sigsuspend", "_dispatch_sig_thread",
    ].map { Array($0.utf8) }

    private static func servesMainQueue(_ frame: Frame) -> Bool {
        [frame.function, frame.symbol].contains { name in
            guard let name else { return false }
            let text = Array(name.utf8)
            return mainQueueMarks.contains { contains(text, $0) }
        }
    }

    /// Whether `text` contains `part`, byte by byte.
    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains {
            text[$0..<($0 + part.count)].elementsEqual(part)
        }
    }

    private static let loops: Set<String> = [
        "__CFRunLoopRun", "CFRunLoopRunSpecific", "__CFSocketManager", "_dispatch_mgr_invoke",
        "_dispatch_mgr_thread",
    ]

    private static func servesLoop(_ frame: Frame) -> Bool {
        guard let symbol = frame.symbol else { return false }
        return loops.contains(symbol)
            || symbol.hasPrefix("$s8NIOPosix") && symbol.contains("SelectableEventLoopC3run")
    }
}
