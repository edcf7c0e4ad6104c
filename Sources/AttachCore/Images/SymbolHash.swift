/// The hash table of a `.dynsym` (`SHT_GNU_HASH`): whether a name is exported, and as which symbol,
/// without going through the table.
struct SymbolHash {
    private let bytes: ImageBytes
    private let section: ELFLayout.Section
    private let bucketCount: UInt32
    /// The first symbol that the table knows of.
    private let firstSymbol: UInt32
    private let buckets: UInt64
    private let chains: UInt64

    /// As many symbols of one bucket are looked at; real tables have a handful.
    private static let chainLimit = 4096

    /// The table that belongs to the dynamic symbols of `file`; nil without one that makes sense.
    init?(of file: ELFFile) {
        bytes = file.bytes
        let sections = file.layout.sections
        guard let section = sections.first(where: { $0.type == ELFLayout.Section.gnuHash }),
            bytes.holds(section.offset, section.size), section.size >= 16,
            Int(section.link) < sections.count,
            sections[Int(section.link)].type == ELFLayout.Section.dynamicSymbols,
            let bucketCount: UInt32 = bytes.load(section.offset), bucketCount > 0,
            let firstSymbol: UInt32 = bytes.load(section.offset + 4),
            let filterWords: UInt32 = bytes.load(section.offset + 8)
        else { return nil }
        self.section = section
        self.bucketCount = bucketCount
        self.firstSymbol = firstSymbol
        // Four words of header, the filter in 64-bit words, a word a bucket, a word a symbol.
        buckets = section.offset + 16 + UInt64(filterWords) * 8
        chains = buckets + UInt64(bucketCount) * 4
        guard chains <= section.offset + section.size else { return nil }
    }

    /// The numbers of the symbols whose names have the hash of this one.
    func candidates(for name: String) -> [Int] {
        let hash = Self.hash(name)
        guard let first: UInt32 = bytes.load(buckets + UInt64(hash % bucketCount) * 4),
            first >= firstSymbol
        else { return [] }
        var result: [Int] = []
        var place = chains + UInt64(first - firstSymbol) * 4
        for step in 0..<Self.chainLimit {
            guard place + 4 <= section.offset + section.size,
                let entry: UInt32 = bytes.load(place)
            else { break }
            // The lowest bit marks the end of the chain, and is not part of the hash.
            if entry | 1 == hash | 1 { result.append(Int(first) + step) }
            if entry & 1 != 0 { break }
            place += 4
        }
        return result
    }

    private static func hash(_ name: String) -> UInt32 {
        name.utf8.reduce(5381) { $0 &* 33 &+ UInt32($1) }
    }
}
