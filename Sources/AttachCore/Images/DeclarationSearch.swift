import CElf

/// Finds the file that a function was written in, for a specialised copy of it: debug information
/// states a file of the compiler's making for the copy, but the lines of the true one.
struct DeclarationSearch {
    private let symbol: String
    private var budget = 1 << 18
    private var best: (length: Int, file: String)?

    private static let depthLimit = 16

    /// The file of the function, in this unit, whose symbol the given one begins with. A symbol
    /// begins with that of the function it was made from, or else of one that encloses it: both
    /// lie in one file. (Swift, docs/ABI/Mangling.rst: suffixes say what was done to it.)
    static func file(ofCopy symbol: String, in unit: DebugEntry) -> String? {
        guard Demangler.isSpecialized(symbol) else { return nil }
        var search = DeclarationSearch(symbol: symbol)
        search.visit(unit, depth: 0)
        return search.best?.file
    }

    private init(symbol: String) { self.symbol = symbol }

    private mutating func visit(_ parent: DebugEntry, depth: Int) {
        guard depth < Self.depthLimit else { return }
        var next = parent.child
        while let child = next, budget > 0 {
            budget -= 1
            switch child.tag {
            case DW_TAG_namespace, DW_TAG_module, DW_TAG_structure_type, DW_TAG_class_type,
                DW_TAG_union_type, DW_TAG_enumeration_type, DW_TAG_interface_type:
                visit(child, depth: depth + 1)
            case DW_TAG_subprogram: consider(child)
            default: break
            }
            next = child.sibling
        }
    }

    private mutating func consider(_ entry: DebugEntry) {
        guard let name = entry.name, Demangler.isSwift(name), symbol.hasPrefix(name),
            name.utf8.count < symbol.utf8.count, name.utf8.count > best?.length ?? 0,
            let file = entry.declarationFile, !LineTable.isMade(file)
        else { return }
        best = (name.utf8.count, file)
    }
}
