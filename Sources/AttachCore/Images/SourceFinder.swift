import AttachReport

/// One level of the functions at an address, as debug information tells it.
struct SourceFrame: Hashable, Sendable {
    /// The linkage name, or the plain name where it has none.
    var name: String?
    /// Where in it.
    var location: SourceLocation?
}

/// Finds source lines and inlined functions of one file's addresses.
struct SourceFinder {
    init(_ file: ELFFile) {}

    /// For each address the functions there, innermost first; the last one is the function itself.
    mutating func frames(
        for requests: [CodeAddress], bias: UInt64, symbols: [UInt64: FunctionSymbol]
    ) -> [CodeAddress: [SourceFrame]] { [:] }
}
