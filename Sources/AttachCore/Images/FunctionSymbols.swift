/// The symbol that names the function at some address.
struct FunctionSymbol: Hashable, Sendable {
    /// The name in the table.
    var name: String
    /// Where the function begins, before the load bias.
    var start: UInt64
    /// One past its last byte; for a symbol without a size, the end of what it may stand for.
    var end: UInt64
    /// How many other names, unrelated to this one, the table has for the same code.
    var aliases: Int
}

/// Finds the symbols of many addresses in one pass over each symbol table, without an index:
/// for the few hundred addresses of a report that is several times cheaper than sorting
/// hundreds of thousands of symbols.
///
/// A name counts only within the size that its symbol states. The nearest symbol below an address
/// is no answer: with the local names stripped it names another function.
struct FunctionSymbols {
    /// What is known of one address so far.
    private struct Finding {
        /// Greatest start of a symbol that covers the address.
        var start: UInt64 = 0
        /// Those that start there: name, binding and end.
        var names: [(name: UInt32, binding: UInt8, end: UInt64)] = []
        /// Greatest start at or below the address, and above the address before it.
        var nearest: UInt64?
        /// The symbol without a size that starts there.
        var unsized: SymbolTable.Entry?
    }

    /// Names for one piece of code that are looked at; the most seen in practice is 709.
    private static let aliasLimit = 1024
    /// Symbols that cover an address are few; a table made to cost time has more.
    private static let matchLimit = 1 << 22

    /// The symbol of each address that has one.
    private(set) var found: [UInt64: FunctionSymbol] = [:]
    /// Whether a table has so many symbols that overlap that not all of them were looked at.
    private(set) var isCut = false

    /// Looks in the tables' order. `addresses` are as the file states them.
    init(_ addresses: Set<UInt64>, in tables: [SymbolTable]) {
        for table in tables {
            let wanted = addresses.filter { found[$0] == nil }.sorted()
            if wanted.isEmpty { break }
            find(wanted, in: table)
        }
    }

    private mutating func find(_ wanted: [UInt64], in table: SymbolTable) {
        guard let last = wanted.last else { return }
        var findings = [Finding](repeating: Finding(), count: wanted.count)
        var matches = 0
        table.forEach { entry in
            guard entry.mayBeFunction, entry.isDefined, entry.value <= last else { return true }
            var index = wanted.partitioningIndex { $0 >= entry.value }
            if entry.value >= findings[index].nearest ?? 0 {
                if entry.size > 0 || entry.value != findings[index].nearest {
                    findings[index].unsized = nil
                }
                if entry.size == 0 { findings[index].unsized = entry }
                findings[index].nearest = entry.value
            }
            let end = entry.end
            while index < wanted.count, wanted[index] < end {
                matches += 1
                if findings[index].names.isEmpty || entry.value > findings[index].start {
                    findings[index].start = entry.value
                    findings[index].names.removeAll(keepingCapacity: true)
                }
                if entry.value == findings[index].start,
                    findings[index].names.count < Self.aliasLimit
                {
                    findings[index].names.append((entry.name, entry.binding, end))
                }
                index += 1
            }
            return matches < Self.matchLimit
        }
        if matches >= Self.matchLimit { isCut = true }

        var nearest: (start: UInt64, unsized: SymbolTable.Entry?)?
        for (address, finding) in zip(wanted, findings) {
            if let start = finding.nearest { nearest = (start, finding.unsized) }
            if let symbol = Self.choose(finding, table) {
                found[address] = symbol
            } else if table.isComplete, let entry = nearest?.unsized,
                table.isSameSection(entry, address)
            {
                // Assembly without a size reaches as far as no other symbol begins.
                let name = table.name(entry.name)
                if Self.isFunctionLabel(name) {
                    let (end, overflow) = address.addingReportingOverflow(1)
                    found[address] = FunctionSymbol(
                        name: name, start: entry.value, end: overflow ? address : end, aliases: 0)
                }
            }
        }
    }

    /// Mapping symbols (`$x`) and local labels (`.L…`) name no function.
    private static func isFunctionLabel(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !(name.hasPrefix("$") && name.utf8.count < 4)
    }

    /// The best of the names that start at one place.
    private static func choose(_ finding: Finding, _ table: SymbolTable) -> FunctionSymbol? {
        var candidates: [SymbolCandidate] = []
        for (name, binding, end) in finding.names {
            let text = table.name(name)
            if !text.isEmpty {
                candidates.append(SymbolCandidate(text, binding: binding, end: end))
            }
        }
        guard candidates.count > 1 else {
            return candidates.first.map {
                FunctionSymbol(name: $0.name, start: finding.start, end: $0.end, aliases: 0)
            }
        }
        guard let best = candidates.min(by: { $0.isBetter(than: $1) }) else { return nil }
        let others = Set(candidates.filter { !$0.isRelated(to: best) }.map(\.plain))
        return FunctionSymbol(
            name: best.name, start: finding.start, end: best.end, aliases: others.count)
    }
}

/// One of several names for the same code.
private struct SymbolCandidate {
    let name: String
    let binding: UInt8
    let end: UInt64
    let isSwift: Bool
    /// What a person would read, without marks of the implementation.
    let plain: String

    init(_ name: String, binding: UInt8, end: UInt64) {
        self.name = name
        self.binding = binding
        self.end = end
        isSwift = Demangler.isSwift(name)
        plain =
            Demangler.demangle(name)
            ?? String(Demangler.withoutVersion(name).drop { $0 == "_" })
    }

    /// Global, then weak, then local.
    private var rank: Int {
        switch binding {
        case 1: 0
        case 2: 1
        default: 2
        }
    }

    private var underscores: Int {
        isSwift ? 0 : name.utf8.prefix { $0 == UInt8(ascii: "_") }.count
    }

    func isBetter(than other: SymbolCandidate) -> Bool {
        if underscores != other.underscores { return underscores < other.underscores }
        if isSwift != other.isSwift || !isSwift, rank != other.rank { return rank < other.rank }
        if plain.utf8.count != other.plain.utf8.count {
            return plain.utf8.count < other.plain.utf8.count
        }
        return name < other.name
    }

    /// Whether both are names of one function: `open` and `__libc_open64`, `_IO_file_underflow` and
    /// `_IO_new_file_underflow`, or two constructors of one C++ class.
    func isRelated(to other: SymbolCandidate) -> Bool {
        if plain == other.plain { return true }
        guard !isSwift, !other.isSwift, !name.hasPrefix("_Z") else { return false }
        return contains(plain, other.plain) || contains(other.plain, plain)
            || words.isSubset(of: other.words) || other.words.isSubset(of: words)
    }

    private var words: Set<Substring> { Set(plain.split(separator: "_")) }

    private func contains(_ whole: String, _ part: String) -> Bool {
        let text = Array(whole.utf8)
        let piece = Array(part.utf8)
        guard !piece.isEmpty, piece.count <= text.count, text.count <= 256 else { return false }
        return (0...text.count - piece.count).contains { start in
            text[start..<start + piece.count].elementsEqual(piece)
        }
    }
}
