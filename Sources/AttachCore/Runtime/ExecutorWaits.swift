import AttachReport

/// Says whose turn an enqueued task waits for.
struct ExecutorWaits {
    /// `_dispatch_main_q`, wherever libdispatch is; main-actor jobs of old runtimes name it.
    private let mainQueues: Set<UInt64>
    private let layout: DispatchLayout
    private var known: [Key: Wait] = [:]

    private struct Key: Hashable {
        var identity: UInt64
        var implementation: UInt64
    }

    static let mainQueue = "_dispatch_main_q"
    /// The symbols that are asked for.
    static let symbolNames: Set<String> = [mainQueue]

    init(symbols: RuntimeSymbols, memory: TargetMemory) {
        layout = symbols.dispatchLayout(memory)
        mainQueues = Set(symbols[Self.mainQueue].map(\.value))
    }

    /// The wait that a `SerialExecutorRef` stands for. `preference` is the task executor that the
    /// task prefers, which a generic executor hides; 0 for none.
    mutating func wait(
        identity: UInt64, implementation: UInt64, preference: UInt64,
        types: inout TypeReader, reader: inout WordReader
    ) -> Wait {
        if identity == 0 {
            guard preference != 0 else { return .globalExecutor }
            return .executor(Address(preference), type: types.nameOfObject(preference, &reader))
        }
        let key = Key(
            identity: identity,
            implementation: implementation & ExecutorLayout.implementationMask)
        if let wait = known[key] { return wait }
        let wait: Wait
        if mainQueues.contains(identity) || DispatchLane(identity, layout).isMainQueue(&reader) {
            wait = .mainActor
        } else if key.implementation == 0 {
            // A record that is just being written can still hold what was there before.
            let isOther =
                reader.word(identity).map {
                    $0 != 0 && ActorClass($0, &reader) == nil
                } ?? false
            wait =
                isOther
                ? .unknown
                : .actor(Address(identity), type: types.nameOfObject(identity, &reader))
        } else if isMainExecutor(identity, &types, &reader) {
            wait = .mainActor
        } else {
            wait = .executor(Address(identity), type: types.nameOfObject(identity, &reader))
        }
        known[key] = wait
        return wait
    }

    private func isMainExecutor(
        _ identity: UInt64, _ types: inout TypeReader, _ reader: inout WordReader
    ) -> Bool {
        guard let declaration = types.declarationOfObject(identity, &reader) else { return false }
        return declaration.isOfStandardLibrary
            && ["DispatchMainExecutor", "CooperativeExecutor"].contains(declaration.path)
    }
}
