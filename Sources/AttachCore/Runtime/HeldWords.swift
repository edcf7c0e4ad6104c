import AttachReport

/// Looks into the frames of a suspended task's functions.
struct HeldWords {
    private var reader: WordReader
    private var walk: BoundedWalk

    /// How much of each frame is looked at. What lies behind a frame is that of a function which
    /// it called.
    private static let frameWords: UInt64 = 64
    private static let walkLimit = 4096
    private static let totalLimit = 4_000_000

    /// Looks at this memory.
    init(_ memory: TargetMemory) {
        reader = WordReader(memory)
        walk = BoundedWalk(limit: Self.walkLimit, total: Self.totalLimit)
    }

    /// Whether any of its frames holds the address of an object.
    mutating func hold(_ object: Address, task: Address) -> Bool {
        walk.restart()
        var context = reader.word(task.value, JobLayout.context) ?? 0
        while context != 0, walk.step(to: context) == nil {
            guard context & 15 == 0 else { return false }
            for index in 2..<Self.frameWords
            where reader.word(context, index &* 8) == object.value { return true }
            context = reader.word(context) ?? 0
        }
        return false
    }
}
