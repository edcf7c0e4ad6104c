import CElf

/// A function of the debug information, with what was inlined into it.
struct FunctionScopes {
    /// A function that was inlined.
    struct Inlined {
        /// Its code.
        var ranges: [Range<UInt64>]
        /// Index of the one it was inlined into; nil for the function itself.
        var parent: Int?
        /// Its linkage name, or else its plain name.
        var name: String?
        /// Where the caller called it: index in the unit's list of files, line, column.
        var call: (file: UInt64, line: UInt64, column: UInt64)
    }

    /// Its code.
    var ranges: [Range<UInt64>]
    /// Its linkage name, or else its plain name.
    var name: String?
    /// The line of its declaration; 0 where not known.
    var declarationLine: UInt64
    /// What was inlined, callers before callees.
    var inlined: [Inlined]

    /// What is inlined at `address`, innermost last.
    func chain(at address: UInt64) -> [Inlined] {
        var chain: [Inlined] = []
        var parent: Int?
        for (index, node) in inlined.enumerated()
        where node.parent == parent && node.ranges.contains(where: { $0.contains(address) }) {
            chain.append(node)
            parent = index
        }
        return chain
    }
}

/// Walks the entries of a unit once, for the functions that hold given addresses.
struct ScopeWalk {
    /// Sorted addresses, before the load bias.
    private var addresses: [UInt64]
    private var entersAll = false
    /// The functions found.
    private(set) var functions: [FunctionScopes] = []
    /// Whether the unit was too large or too deep to be walked whole.
    private(set) var isCut = false
    private var budget = 1 << 22

    /// More than the compiler nests.
    private static let depthLimit = 128

    /// The functions of the unit with this entry that hold one of `addresses`.
    ///
    /// A closure is described inside the function that it was written in, wherever its code lies.
    /// So a second walk enters every function, for the addresses that the first one left open.
    init(_ unit: DebugEntry, addresses: [UInt64]) {
        self.addresses = addresses
        visit(unit, depth: 0)
        self.addresses = addresses.filter { address in
            !functions.contains { $0.ranges.contains { $0.contains(address) } }
        }
        guard !self.addresses.isEmpty else { return }
        entersAll = true
        visit(unit, depth: 0)
    }

    /// Whether an address that we look for lies in one of these.
    private func isWanted(_ ranges: [Range<UInt64>]) -> Bool {
        ranges.contains { range in
            let index = addresses.partitioningIndex { $0 >= range.lowerBound }
            return index < addresses.count && addresses[index] < range.upperBound
        }
    }

    /// Functions lie in the unit, in namespaces and types, and in each other.
    private mutating func visit(_ parent: DebugEntry, depth: Int) {
        forEachChild(parent, depth: depth) { walk, child, tag in
            switch tag {
            case DW_TAG_namespace, DW_TAG_module, DW_TAG_structure_type, DW_TAG_class_type,
                DW_TAG_union_type, DW_TAG_enumeration_type, DW_TAG_interface_type:
                walk.visit(child, depth: depth + 1)
            case DW_TAG_subprogram: walk.add(child, depth: depth)
            case DW_TAG_lexical_block, DW_TAG_inlined_subroutine:
                if walk.entersAll { walk.visit(child, depth: depth + 1) }
            default: break
            }
        }
    }

    private mutating func add(_ entry: DebugEntry, depth: Int) {
        let ranges = entry.ranges
        guard isWanted(ranges) else {
            if entersAll { visit(entry, depth: depth + 1) }
            return
        }
        var function = FunctionScopes(
            ranges: ranges, name: entry.name,
            declarationLine: entry.number(DW_AT_decl_line), inlined: [])
        collect(entry, parent: nil, into: &function, depth: depth + 1)
        functions.append(function)
    }

    private mutating func collect(
        _ entry: DebugEntry, parent: Int?, into function: inout FunctionScopes, depth: Int
    ) {
        var collected = function
        forEachChild(entry, depth: depth) { walk, child, tag in
            switch tag {
            case DW_TAG_inlined_subroutine:
                let ranges = child.ranges
                if ranges.isEmpty { break }
                collected.inlined.append(
                    FunctionScopes.Inlined(
                        ranges: ranges, parent: parent, name: child.name,
                        call: (
                            child.number(DW_AT_call_file),
                            child.number(DW_AT_call_line),
                            child.number(DW_AT_call_column)
                        )))
                let index = collected.inlined.count - 1
                walk.collect(child, parent: index, into: &collected, depth: depth + 1)
            case DW_TAG_lexical_block, DW_TAG_try_block, DW_TAG_catch_block, DW_TAG_with_stmt:
                walk.collect(child, parent: parent, into: &collected, depth: depth + 1)
            case DW_TAG_subprogram: walk.add(child, depth: depth + 1)
            default: break
            }
        }
        function = collected
    }

    private mutating func forEachChild(
        _ parent: DebugEntry, depth: Int, _ body: (inout ScopeWalk, DebugEntry, Int) -> Void
    ) {
        guard depth < Self.depthLimit else {
            isCut = true
            return
        }
        var next = parent.child
        while let child = next {
            // An entry may name itself as its sibling.
            guard budget > 0 else {
                isCut = true
                return
            }
            budget -= 1
            body(&self, child, child.tag)
            next = child.sibling
        }
    }
}
