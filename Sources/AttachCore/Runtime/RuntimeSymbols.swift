import AttachReport

/// The symbols of the runtime that this room asks for, found in one pass: going through the
/// symbol tables of a large program takes longer than most of what follows.
struct RuntimeSymbols {
    private let found: [String: [Address]]

    /// Looks into every image.
    init(_ images: ImageTable) {
        found = images.addresses(
            ofSymbols: RuntimeLocator.symbolNames
                .union(TaskGroups.symbolNames)
                .union(ExecutorWaits.symbolNames)
                .union([DispatchLayout.offsetsSymbol]))
    }

    /// Where symbols of this name lie. It must be one of those that were looked for.
    subscript(name: String) -> [Address] { found[name, default: []] }

    /// How libdispatch's objects lie, by what it says of itself where it does.
    func dispatchLayout(_ memory: TargetMemory) -> DispatchLayout {
        self[DispatchLayout.offsetsSymbol].first.flatMap { DispatchLayout(at: $0, memory) }
            ?? .linux
    }

    /// Where symbols of these names lie, by name.
    func addresses(of names: Set<String>) -> [String: [Address]] {
        found.filter { names.contains($0.key) }
    }
}
