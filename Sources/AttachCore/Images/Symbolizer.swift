import AttachReport

/// A code address with what it means, which decides where its name and line are looked up.
struct CodeAddress: Hashable, Sendable {
    /// The address.
    var address: Address
    /// `programCounter`, `returnAddress` or `asyncResumePoint`.
    var kind: Frame.Kind
}

/// Gives code addresses the names and lines that a person wrote.
struct Symbolizer {
    /// Names come from these images.
    init(images: ImageTable, memory: TargetMemory) {}

    /// Frames for each address, inlined ones included, innermost first. Equal requests share one
    /// array. Give everything at once: each symbol table is read in one pass.
    mutating func frames(for addresses: Set<CodeAddress>) -> [CodeAddress: [Frame]] { [:] }

    /// The name of the type or function that a mangled symbol stands for, in the short form.
    static func demangle(_ symbol: String) -> String? { nil }
}
