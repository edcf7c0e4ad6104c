import AttachReport

/// The frames of an async stack, from the innermost context to the root.
///
/// `ResumeParent` of a context is where its *parent's* function goes on, so that each context but
/// the root gives a frame; the root's is the function that completes the task.
struct ContextChain {
    /// How a walk ended.
    enum End: Equatable {
        /// At the context in which the task began.
        case root
        /// At a context without parent that is not the task's first.
        case foreignRoot(UInt64)
        /// At something that is no context.
        case unreadable(UInt64)
        /// At a context that names no code.
        case notCode(UInt64)
        /// At a context met before.
        case cycle(UInt64)
        /// As deep as we go.
        case limit(Int)
        /// After more contexts, with those of other tasks, than there can be.
        case exhausted

        /// In words; nil for the proper end.
        var words: String? {
            switch self {
            case .root: nil
            case .foreignRoot(let context):
                "the contexts end at \(Address(context)), which is not where the task began"
            case .unreadable(let context): "the context at \(Address(context)) could not be read"
            case .notCode(let context): "the context at \(Address(context)) names no code"
            case .cycle(let context): "the contexts lead back to \(Address(context))"
            case .limit(let count): "it is deeper than the \(count) contexts that are followed"
            case .exhausted: "all tasks together have more contexts than fit into their memory"
            }
        }

        /// What kind of gap it leaves.
        var reason: Gap.Reason {
            switch self {
            case .root, .foreignRoot, .notCode: .inconsistent
            case .unreadable: .unmapped
            case .cycle: .cycle
            case .limit, .exhausted: .limit
            }
        }
    }

    /// How many contexts are followed.
    static let walkLimit = 100_000
    /// Frames kept of the inner end, and of the outer end, of a deeper stack.
    static let keptInner = 3_584
    static let keptOuter = 512

    /// Resume addresses, innermost first; `0, n` stands for n that were left out.
    private(set) var points: [UInt64] = []
    private var outer: [UInt64] = []
    private var outerCount = 0
    private var contexts: ContextWalk

    /// A chain that follows no more than `total` contexts, whatever it is used for.
    init(total: Int) { contexts = ContextWalk(limit: Self.walkLimit, total: total) }

    /// Forgets the stack.
    mutating func clear() {
        points.removeAll(keepingCapacity: true)
        outer.removeAll(keepingCapacity: true)
        outerCount = 0
    }

    /// Adds a frame on the outer side.
    @inline(__always)
    mutating func append(_ address: UInt64) {
        guard points.count >= Self.keptInner else { return points.append(address) }
        if outer.count < Self.keptOuter {
            outer.append(address)
        } else {
            outer[outerCount % Self.keptOuter] = address
        }
        outerCount += 1
    }

    /// Adds the frames of `context` and outwards. `root` is where the task began.
    mutating func follow(
        from context: UInt64, root: UInt64, reader: inout WordReader, code: CodeRanges
    ) -> End {
        contexts.start(at: context)
        while true {
            switch contexts.next(&reader) {
            case .context(let context, let parent):
                guard let resume = reader.word(context, AsyncContextLayout.resumeParent) else {
                    return .unreadable(context)
                }
                if parent == 0 { return context == root ? .root : .foreignRoot(context) }
                guard code.contains(resume) else { return .notCode(context) }
                append(resume)
            case .stopped(.cycle, let context): return .cycle(context)
            case .stopped(.limit, _): return .limit(Self.walkLimit)
            case .stopped(.exhausted, _): return .exhausted
            case .unreadable(let context): return .unreadable(context)
            }
        }
    }

    /// Joins inner and outer end.
    mutating func finish() {
        guard outerCount > 0 else { return }
        if outerCount > outer.count {
            points += [0, UInt64(outerCount - outer.count)]
            let start = outerCount % Self.keptOuter
            points += outer[start...]
            points += outer[..<start]
        } else {
            points += outer
        }
    }
}

/// Async stacks, each kept once: many tasks stand at the same place.
struct StackTable {
    /// The stacks, by number.
    private(set) var stacks: [[CodeAddress]] = [[]]
    private var numbers: [[UInt64]: Int] = [[]: 0]

    /// The number of a stack as `ContextChain` gives it.
    mutating func number(of points: [UInt64]) -> Int {
        if let known = numbers[points] { return known }
        numbers[points] = stacks.count
        var stack: [CodeAddress] = []
        stack.reserveCapacity(points.count)
        var index = 0
        while index < points.count {
            if points[index] == 0, index + 1 < points.count {
                stack.append(
                    CodeAddress(address: .null, kind: .omitted(Int(points[index + 1]))))
                index += 2
            } else {
                stack.append(
                    CodeAddress(address: Address(points[index]), kind: .asyncResumePoint))
                index += 1
            }
        }
        stacks.append(stack)
        return stacks.count - 1
    }
}
