/// Where a task was told to begin (`FutureAsyncContextPrefix`, include/swift/ABI/Task.h).
struct EntryPoint {
    /// The async function that the runtime calls first, often a thunk.
    var function: UInt64
    /// The context of its closure; 0 without one.
    var closure: UInt64

    init?(of task: TaskHeader, _ reader: inout WordReader) {
        guard task.root > 24, let function = reader.word(task.root &- 24),
            let closure = reader.word(task.root &- 16)
        else { return nil }
        self.function = function
        self.closure = closure
    }

    /// The functions behind a reabstraction thunk, innermost first: such a thunk captures the
    /// pointer to the async function it wraps, behind a type where it is generic. Ask only for
    /// thunks; any other closure may capture functions that it never calls.
    func wrapped(_ reader: inout WordReader, _ code: CodeRanges) -> (UInt64, closure: UInt64)? {
        guard closure != 0, closure & 7 == 0 else { return nil }
        for offset in [16, 24] as [UInt64] {
            guard let pointer = reader.word(closure, offset), pointer & 7 == 0, pointer != 0,
                let function = reader.relative(pointer), code.contains(function),
                !code.contains(pointer), let inner = reader.word(closure, offset &+ 8)
            else { continue }
            return (function, inner)
        }
        return nil
    }
}
