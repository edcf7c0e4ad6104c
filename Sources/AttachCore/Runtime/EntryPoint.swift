import AttachReport

/// Where a task was told to begin (`FutureAsyncContextPrefix`, include/swift/ABI/Task.h).
struct EntryPoint {
    /// The async function that the runtime calls first, often a thunk.
    var function: UInt64
    /// The context of its closure; 0 without one.
    var closure: UInt64

    init(function: UInt64, closure: UInt64) {
        self.function = function
        self.closure = closure
    }

    init?(of task: TaskHeader, _ reader: inout WordReader) {
        guard task.root > TaskPrefix.futureSize,
            let function = reader.word(task.root &- TaskPrefix.entryPoint),
            let closure = reader.word(task.root &- TaskPrefix.closure)
        else { return nil }
        self.function = function
        self.closure = closure
    }

    /// What a reabstraction thunk calls: it captures a pointer to the async function that it
    /// wraps, and that one's closure, behind a type where it is generic. Ask only for such thunks;
    /// any other closure may capture functions that it never calls.
    func wrapped(_ reader: inout WordReader, _ code: CodeRanges) -> EntryPoint? {
        guard closure != 0, closure & 7 == 0 else { return nil }
        for offset in [ObjectLayout.firstField, ObjectLayout.firstField + 8] {
            // An async function pointer is data.
            guard let pointer = reader.word(closure, offset), pointer & 7 == 0, pointer != 0,
                !code.contains(pointer),
                let function = reader.relative(pointer &+ AsyncFunctionPointerLayout.function),
                code.contains(function), let inner = reader.word(closure, offset &+ 8)
            else { continue }
            return EntryPoint(function: function, closure: inner)
        }
        return nil
    }
}

/// Looks through the thunks in which tasks begin, for the functions that people wrote.
struct EntryPoints {
    /// How many thunks may lie in each other.
    private static let depth = 3

    private var symbolizer: Symbolizer
    private var thunks: [UInt64: Bool] = [:]

    init(_ symbolizer: Symbolizer) { self.symbolizer = symbolizer }

    /// For each entry point the functions that will run, innermost first.
    mutating func functions(
        of entries: [EntryPoint], _ reader: inout WordReader, _ code: CodeRanges
    ) -> [[UInt64]] {
        var result = entries.map { [$0.function] }
        var open = Array(entries.enumerated())
        for _ in 0..<Self.depth where !open.isEmpty {
            lookUp(Set(open.map(\.element.function)))
            open = open.compactMap { index, entry in
                guard thunks[entry.function] == true, let inner = entry.wrapped(&reader, code)
                else { return nil }
                result[index].insert(inner.function, at: 0)
                return (index, inner)
            }
        }
        return result
    }

    private mutating func lookUp(_ functions: Set<UInt64>) {
        let unknown = functions.filter { thunks[$0] == nil }.map {
            CodeAddress(address: Address($0), kind: .asyncResumePoint)
        }
        for (code, frames) in symbolizer.frames(for: Set(unknown)) {
            thunks[code.address.value] = frames.last?.function.map(Self.isThunk) ?? false
        }
    }

    /// Whether a name is that of a reabstraction thunk, as Swift's demangler writes it.
    static func isThunk(_ name: String) -> Bool {
        var name = name[...]
        for prefix in ["partial apply for ", "specialized "] where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
        }
        return name.hasPrefix("thunk for @")
    }
}
