import AttachReport

/// Looks into the frames of a suspended task's functions.
struct HeldWords {
    private var reader: WordReader
    private var contexts: ContextWalk

    /// How much of each frame is looked at. What lies behind a frame is that of a function which
    /// it called.
    private static let frameSize: UInt64 = 512
    private static let walkLimit = 4096
    private static let totalLimit = 4_000_000

    /// Looks at this memory.
    init(_ memory: TargetMemory) {
        reader = WordReader(memory)
        contexts = ContextWalk(limit: Self.walkLimit, total: Self.totalLimit)
    }

    /// Whether any of its frames holds the address of an object.
    mutating func hold(_ object: Address, task: Address) -> Bool {
        contexts.start(at: reader.word(task.value, JobLayout.context) ?? 0)
        while case .context(let context, let parent) = contexts.next(&reader) {
            for offset in stride(from: AsyncContextLayout.size, to: Self.frameSize, by: 8)
            where reader.word(context, offset) == object.value { return true }
            guard parent != 0 else { return false }
        }
        return false
    }
}
