import AttachReport

/// Tells what a thread is for by the functions on its stack (`LibraryKnowledge`).
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
        if LibraryKnowledge.loop(of: frames) != nil { return .eventLoop }
        // Where the innermost function has no name, the others may be missing as well.
        let isReadable = frames.contains { $0.folding == nil && $0.function != nil }
        return isReadable ? .other : nil
    }

    // MARK: Workers

    private static let workers = LibraryKnowledge.all.flatMap(\.workers)

    private static func worker(_ frames: [Frame], _ name: String) -> ThreadRecord.Role? {
        // Threads of the queues that may always have one more serve no tasks.
        let role: ThreadRecord.Role =
            LibraryKnowledge.isOvercommit(name) ? .queueWorker : .poolWorker
        var isReadable = false
        for frame in frames.suffix(outermost) {
            guard let function = frame.symbol ?? frame.function else { continue }
            isReadable = true
            if workers.contains(where: { function.hasPrefix($0) }) { return role }
        }
        // Without symbols there is the name that libdispatch gives its threads.
        let isNamed = LibraryKnowledge.dispatch.threadNames.contains { $0.matches(name) }
        return !isReadable && isNamed ? role : nil
    }

    // MARK: Loops

    private static let mainQueueMarks = LibraryKnowledge.all.flatMap(\.mainQueueMarks)
        .map { Array($0.utf8) }

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
}
