import AttachReport

/// Puts names to stacks. Tasks that stand at the same place share one array of frames, so that a
/// million of them cost no more memory than one.
struct FrameNames {
    private let names: [CodeAddress: [Frame]]
    private var asyncStacks: [[CodeAddress]: [Frame]] = [:]

    /// What could not be read of names and lines.
    let gaps: [Gap]

    /// Names for every address that will be asked for.
    init(_ names: [CodeAddress: [Frame]], gaps: [Gap] = []) {
        self.names = names
        self.gaps = gaps
    }

    /// The frames of a thread's whole stack.
    func frames(of stack: NativeStack) -> [Frame] {
        var frames = frames(of: stack, stack.frames.indices)
        FrameFolding.settle(&frames)
        return frames
    }

    /// The whole stack of a task: for a running one the native frames down to its async frame,
    /// then the async callers.
    ///
    /// - Parameter range: which of the stack's frames are the task's.
    mutating func frames(of task: RawTask, stack: NativeStack?, native range: Range<Int>?)
        -> [Frame]
    {
        var native: [Frame] = []
        if let range, let stack { native = frames(of: stack, range) }
        let end = task.stoppedBecause.map { [Frame(kind: .stopped($0))] } ?? []
        if native.isEmpty && end.isEmpty { return asyncFrames(task.resumePoints) }
        var frames = native + task.resumePoints.flatMap { self.frames(at: $0) } + end
        FrameFolding.settle(&frames)
        return frames
    }

    private mutating func asyncFrames(_ points: [CodeAddress]) -> [Frame] {
        if let known = asyncStacks[points] { return known }
        var frames = points.flatMap { self.frames(at: $0) }
        FrameFolding.settle(&frames)
        asyncStacks[points] = frames
        return frames
    }

    private func frames(of stack: NativeStack, _ range: Range<Int>) -> [Frame] {
        let range = range.clamped(to: stack.frames.indices)
        var frames: [Frame] = []
        for index in range {
            if let omitted = stack.omitted, omitted.at == index {
                frames.append(Frame(kind: .omitted(omitted.count)))
            }
            frames += self.frames(at: stack.frames[index].address)
        }
        if range.upperBound == stack.frames.count, let reason = stack.stoppedBecause {
            frames.append(Frame(kind: .stopped(reason)))
        }
        return frames
    }

    /// The function that an address lies in, whatever else was inlined there.
    func outermost(at address: CodeAddress) -> Frame? { names[address]?.last }

    private func frames(at address: CodeAddress) -> [Frame] {
        if case .omitted = address.kind { return [Frame(kind: address.kind)] }
        if let frames = names[address], !frames.isEmpty { return frames }
        return [Frame(kind: address.kind, address: address.address)]
    }
}
