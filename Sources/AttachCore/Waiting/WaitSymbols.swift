import AttachReport

/// The symbols that this room asks for, found in one pass, and only once somebody needs one: in a
/// large program the symbol tables take longer to go through than all threads.
final class WaitSymbols {
    private static let names = Set([DispatchLayout.offsetsSymbol])
        .union(LibraryKnowledge.foundation.lockClasses.keys)
        .union(LibraryKnowledge.exportedSites.keys)

    private let images: ImageTable
    private lazy var found = images.addresses(ofSymbols: Self.names)

    /// Symbols of these images.
    init(_ images: ImageTable) { self.images = images }

    /// Where symbols of this name lie. It must be one of those that are looked for.
    subscript(name: String) -> [Address] { found[name, default: []] }
}
