import AttachReport

/// Finds the async frames on a native stack: those where a task's own code begins.
///
/// Async calls are tail calls, so that a job has one async frame: the one that the runtime
/// called. It called `ResumeTask` with `ResumeContext` in the context register, and that is seen
/// from the code before the return address, whatever names are left.
struct AsyncFrames {
    /// An async frame and where its task goes on when it returns.
    struct Found {
        /// Index in the stack's frames.
        var frame: Int
        /// The frame's context.
        var context: UInt64
        /// Position of its task.
        var task: Int
    }

    /// How async frames are told from others; the surest first.
    enum Method: CaseIterable {
        /// By the call that the runtime made.
        case resumeCall
        /// By the context that the frame holds where an extended frame has it.
        case contextSlot
    }

    private let running: [Int: TaskHeader]
    /// Where a root context belongs.
    private let roots: [UInt64: Int]
    private let images: ImageTable
    private let architecture: Architecture
    private let code: CodeRanges
    private var live: LiveContexts
    private var contexts: ContextWalk
    private var ends: [UInt64: Int?] = [:]

    /// Contexts followed, and allocations looked at, for all threads together.
    private static let stepLimit = 20_000_000
    /// Bytes of a frame that are searched for a context.
    private static let frameLimit: UInt64 = 4096

    /// `running` are the running tasks by their positions; nothing else is ever found.
    init(
        running: [Int: TaskHeader], layout: RuntimeLayout, target: Target
    ) {
        self.running = running
        roots = running.reduce(into: [:]) { $0[$1.value.root] = $1.key }
        live = LiveContexts(layout: layout, total: Self.stepLimit)
        contexts = ContextWalk(limit: ContextChain.walkLimit, total: Self.stepLimit)
        code = target.code
        images = target.images
        architecture = target.architecture
    }

    /// Every async frame of a stack whose task could be told, innermost first.
    ///
    /// - Parameter current: The task that the thread says it runs, if it says.
    mutating func find(
        in stack: NativeStack, by method: Method, current: Int?, reader: inout WordReader
    ) -> [Found] {
        let called =
            switch method {
            case .resumeCall: resumedFrames(stack, &reader)
            case .contextSlot: framesHoldingContext(stack, &reader)
            }
        var result: [Found] = []
        var inner = 0
        for (index, frame) in called.enumerated() {
            // The thread says which task its innermost job is of; further out it is another's.
            let found = found(
                at: frame, in: stack, from: inner, current: index == 0 ? current : nil, &reader
            ) { task in
                guard let current else { return !result.contains { $0.task == task } }
                return index == 0 ? task == current : task != current
            }
            if let found { result.append(found) }
            inner = frame + 1
        }
        return result
    }

    // MARK: Which frames

    private func resumedFrames(_ stack: NativeStack, _ reader: inout WordReader) -> [Int] {
        stack.frames.indices.dropFirst().filter { index in
            stack.omitted?.at != index
                && ResumeCall.ends(
                    at: stack.frames[index].address.address.value, architecture, &reader)
        }.map { $0 - 1 }
    }

    /// Where no call of the runtime is recognised: frames that hold a context in the slot below
    /// the frame pointer, as the extended frame has it.
    private mutating func framesHoldingContext(
        _ stack: NativeStack, _ reader: inout WordReader
    ) -> [Int] {
        var result: [Int] = []
        for (index, frame) in stack.frames.enumerated() {
            guard let context = Self.slot(of: frame, &reader), task(of: context, &reader) != nil
            else { continue }
            result.append(index)
        }
        // The slot of an inner frame may be shared by those that set up none of their own.
        return result.last.map { [$0] } ?? []
    }

    // MARK: Whose

    private mutating func found(
        at index: Int, in stack: NativeStack, from inner: Int, current: Int?,
        _ reader: inout WordReader, accepts: (Int) -> Bool
    ) -> Found? {
        let frame = stack.frames[index]
        var candidates: [UInt64] = []
        if let slot = Self.slot(of: frame, &reader) { candidates.append(slot) }
        candidates.append(frame.asyncContext)
        // The register keeps its value in functions further in that do not use it.
        candidates += stack.frames[inner..<index].reversed().prefix(16).map(\.asyncContext)
        for candidate in candidates {
            guard let task = task(of: candidate, &reader), let header = running[task],
                accepts(task)
            else { continue }
            // The register may still show the context of a call that has ended.
            let context =
                live.contain(candidate, of: header, reader: &reader)
                ? candidate : newestContext(of: header, task, &reader)
            return Found(
                frame: index, context: ownContext(context, pc: frame.address, &reader), task: task)
        }
        // Optimised code may have put its context anywhere in its frame: whatever stands there
        // tells the task at least.
        var task = current
        for word in words(of: index, in: stack, &reader) where task == nil {
            if let other = self.task(of: word, &reader), accepts(other) { task = other }
        }
        guard let task, let header = running[task], accepts(task) else { return nil }
        let context = newestContext(of: header, task, &reader)
        return Found(
            frame: index, context: ownContext(context, pc: frame.address, &reader), task: task)
    }

    /// Whether it can be told which of a task's contexts are in use.
    mutating func hasReadableContexts(_ task: TaskHeader, _ reader: inout WordReader) -> Bool {
        live.areReadable(of: task, reader: &reader)
    }

    private mutating func newestContext(
        of header: TaskHeader, _ task: Int, _ reader: inout WordReader
    ) -> UInt64 {
        var finder = live
        // What it has looked at counts for the next, too.
        defer { live = finder }
        return finder.newest(of: header, reader: &reader) { place, reader in
            guard self.task(of: place, &reader) == task,
                let resume = reader.word(place, AsyncContextLayout.resumeParent)
            else { return false }
            return code.contains(resume)
        }
    }

    /// The words of a frame, from where the next inner one ends.
    private func words(
        of index: Int, in stack: NativeStack, _ reader: inout WordReader
    ) -> [UInt64] {
        let end = stack.frames[index].canonicalFrameAddress.value
        guard index > 0 else { return [] }
        let start = stack.frames[index - 1].canonicalFrameAddress.value
        guard start & 7 == 0, start < end, end - start <= Self.frameLimit else { return [] }
        return stride(from: start, to: end, by: 8).compactMap { reader.word($0) }
    }

    private static func slot(of frame: NativeFrame, _ reader: inout WordReader) -> UInt64? {
        let pointer = frame.framePointer
        let slot = AsyncContextLayout.slotBelowFramePointer
        guard pointer > slot, pointer & 7 == 0 else { return nil }
        return reader.word(pointer &- slot)
    }

    /// A resume function is entered with the context of the call that has ended, which names that
    /// very function as where to go on: its own context is that one's parent.
    private func ownContext(
        _ context: UInt64, pc: CodeAddress, _ reader: inout WordReader
    ) -> UInt64 {
        guard let parent = reader.word(context, AsyncContextLayout.parent), parent != 0,
            let resume = reader.word(context, AsyncContextLayout.resumeParent)
        else { return context }
        var place = pc.address
        if case .returnAddress = pc.kind { place = Address(place.value &- 1) }
        return images.functionRange(containing: place)?.lowerBound == resume ? parent : context
    }

    /// The running task to whose first context this context leads.
    private mutating func task(of context: UInt64, _ reader: inout WordReader) -> Int? {
        if let known = ends[context] { return known }
        let result = contexts.root(from: context, &reader).flatMap { roots[$0] }
        ends[context] = .some(result)
        return result
    }
}
