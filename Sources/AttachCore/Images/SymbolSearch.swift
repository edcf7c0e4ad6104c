import AttachReport

extension ImageTable {
    /// Where symbols of these names lie, image by image: functions and data, exported or not. One
    /// pass over each symbol table.
    func addresses(ofSymbols names: Set<String>) -> [String: [Address]] {
        let search = NameSearch(names)
        var result: [String: [Address]] = [:]
        for image in images {
            guard let file = image.file else { continue }
            for (name, values) in search.find(in: file) {
                for value in values.sorted() {
                    result[name, default: []].append(Address(value &+ image.loadBias))
                }
            }
        }
        return result
    }

    /// The function that a sized symbol says covers `address`; nil without one.
    func functionRange(containing address: Address) -> Range<UInt64>? {
        guard let image = image(containing: address), let file = image.file else { return nil }
        let place = address.value &- image.loadBias
        guard let range = file.functionIndex.range(containing: place, of: file) else { return nil }
        let start = range.lowerBound &+ image.loadBias
        let (end, overflow) = start.addingReportingOverflow(range.upperBound - range.lowerBound)
        return overflow ? nil : start..<end
    }
}

/// Looks for symbols by name without making a string of each one that a table has.
struct NameSearch {
    private var byHead: [UInt64: [String]] = [:]
    private var filter = NameHeadFilter()
    private let names: Set<String>

    init(_ names: Set<String>) {
        self.names = names
        for name in names where !name.isEmpty {
            let head = SymbolTable.nameHead(of: name)
            byHead[head, default: []].append(name)
            filter.insert(head)
        }
    }

    /// The addresses of each name in the first table that knows it, before the load bias.
    func find(in file: ELFFile) -> [String: Set<UInt64>] {
        var found: [String: Set<UInt64>] = [:]
        for table in SymbolTable.tables(of: file) where found.count < names.count {
            // What it exports can be asked for by name.
            if !table.isComplete, let hash = SymbolHash(of: table.file) {
                for name in names where found[name] == nil {
                    found[name] = addresses(of: name, in: table, hash)
                }
                continue
            }
            var inTable: [String: Set<UInt64>] = [:]
            table.forEach { entry in
                guard entry.hasAddress else { return true }
                let head = table.nameHead(entry.name)
                guard filter.mayContain(head), let candidates = byHead[head] else { return true }
                let name = table.name(entry.name)
                if candidates.contains(name), found[name] == nil {
                    inTable[name, default: []].insert(entry.value)
                }
                return true
            }
            found.merge(inTable) { first, _ in first }
        }
        return found
    }

    private func addresses(
        of name: String, in table: SymbolTable, _ hash: SymbolHash
    ) -> Set<UInt64>? {
        let values = hash.candidates(for: name).compactMap { table.entry($0) }
            .filter { $0.hasAddress && table.name($0.name) == name }
            .map(\.value)
        return values.isEmpty ? nil : Set(values)
    }
}
