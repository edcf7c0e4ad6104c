import AttachReport

/// Puts names to stacks. Tasks that stand at the same place share one array of frames, so that a
/// million of them cost no more memory than one.
struct FrameNames {
    private let names: [CodeAddress: [Frame]]
    private var asyncStacks: [[CodeAddress]: [Frame]] = [:]

    /// Names for every address that will be asked for.
    init(_ names: [CodeAddress: [Frame]]) { self.names = names }

    /// The frames of a thread's whole stack.
    func frames(of stack: NativeStack) -> [Frame] {
        frames(of: stack, prefix: stack.frames.count)
    }

    /// The whole stack of a task: for a running one the native frames down to its async frame,
    /// then the async callers.
    mutating func frames(of task: RawTask, stack: NativeStack?) -> [Frame] {
        var native: [Frame] = []
        if let count = task.nativeFrameCount, let stack {
            native = frames(of: stack, prefix: count)
        }
        let async = asyncFrames(task.resumePoints)
        let end = task.stoppedBecause.map { [Frame(kind: .stopped($0))] } ?? []
        return native.isEmpty && end.isEmpty ? async : native + async + end
    }

    private mutating func asyncFrames(_ points: [CodeAddress]) -> [Frame] {
        if let known = asyncStacks[points] { return known }
        let frames = points.flatMap { self.frames(at: $0) }
        asyncStacks[points] = frames
        return frames
    }

    private func frames(of stack: NativeStack, prefix: Int) -> [Frame] {
        var frames: [Frame] = []
        for (index, frame) in stack.frames.prefix(prefix).enumerated() {
            if let omitted = stack.omitted, omitted.at == index {
                frames.append(Frame(kind: .omitted(omitted.count)))
            }
            frames += self.frames(at: frame.address)
        }
        if prefix == stack.frames.count, let reason = stack.stoppedBecause {
            frames.append(Frame(kind: .stopped(reason)))
        }
        return frames
    }

    private func frames(at address: CodeAddress) -> [Frame] {
        if case .omitted = address.kind { return [Frame(kind: address.kind)] }
        if let frames = names[address], !frames.isEmpty { return frames }
        return [Frame(kind: address.kind, address: address.address)]
    }
}
