/// What the dynamic segment (gABI ch. 5, elf.h `Elf64_Dyn`) tells of the dynamic linker's tables:
/// all that is left of them in a file whose section headers were cut off.
struct DynamicSegment {
    private let file: ImageBytes
    private let segments: [ELFLayout.Segment]
    /// The first value of each tag.
    private var values: [UInt64: UInt64] = [:]

    /// `DT_HASH` and so on.
    private enum Tag {
        static let end: UInt64 = 0
        static let hash: UInt64 = 4
        static let strings: UInt64 = 5
        static let symbols: UInt64 = 6
        static let relocations: UInt64 = 7
        static let relocationsSize: UInt64 = 8
        static let stringsSize: UInt64 = 10
        static let symbolSize: UInt64 = 11
        static let gnuHash: UInt64 = 0x6fff_fef5
    }

    /// Real programs have a few dozen entries.
    private static let entryLimit: UInt64 = 4096
    /// A large library has a hundred thousand.
    private static let bucketLimit: UInt32 = 1 << 24
    private static let symbolSize: UInt64 = 24
    /// `Elf64_Rela`, and `R_X86_64_DTPMOD64` without a symbol.
    private static let relocationSize: UInt64 = 24
    private static let ownModule: UInt64 = 16

    /// The first dynamic segment among these; nil where there is none, or it lies outside the file.
    init?(_ segments: [ELFLayout.Segment], in file: ImageBytes) {
        guard let dynamic = segments.first(where: { $0.type == ELFLayout.Segment.dynamic }),
            file.holds(dynamic.offset, dynamic.fileSize)
        else { return nil }
        self.file = file
        self.segments = segments
        for index in 0..<min(dynamic.fileSize / 16, Self.entryLimit) {
            let place = dynamic.offset + index * 16
            guard let tag: UInt64 = file.load(place), tag != Tag.end,
                let value: UInt64 = file.load(place + 8)
            else { break }
            if values[tag] == nil { values[tag] = value }
        }
    }

    /// The table of dynamic symbols, its names and its hash table, in the form in which section
    /// headers tell of them: `link` is an index into this array. Empty where they make no sense.
    var sections: [ELFLayout.Section] {
        guard let symbols = bytes(at: Tag.symbols), let strings = bytes(at: Tag.strings),
            let size = values[Tag.stringsSize], size <= strings.size,
            values[Tag.symbolSize] == Self.symbolSize
        else { return [] }
        let hash = bytes(at: Tag.gnuHash).flatMap(gnuHash)
        guard let count = hash?.symbols ?? symbolCount,
            count <= symbols.size / Self.symbolSize
        else { return [] }
        var sections = [
            Self.section(
                ELFLayout.Section.dynamicSymbols, symbols.offset, count * Self.symbolSize,
                entrySize: Self.symbolSize, link: 1),
            Self.section(
                ELFLayout.Section.strings, strings.offset, size, entrySize: 0, link: 0),
        ]
        if let hash {
            sections.append(
                Self.section(
                    ELFLayout.Section.gnuHash, hash.offset, hash.size, entrySize: 0, link: 0))
        }
        return sections
    }

    /// Where the dynamic linker writes the number under which it knows the thread-local variables
    /// of this very file, before the load bias; nil where the code does not ask for it in the way
    /// of x86-64 (psABI 1.0, 4.4.1).
    var threadLocalModule: UInt64? {
        guard let table = bytes(at: Tag.relocations), let size = values[Tag.relocationsSize],
            size <= table.size
        else { return nil }
        for index in 0..<size / Self.relocationSize {
            let place = table.offset + index * Self.relocationSize
            if file.load(place + 8, as: UInt64.self) == Self.ownModule { return file.load(place) }
        }
        return nil
    }

    private static func section(
        _ type: UInt32, _ offset: UInt64, _ size: UInt64, entrySize: UInt64, link: UInt32
    ) -> ELFLayout.Section {
        ELFLayout.Section(
            name: 0, type: type, flags: 0, address: 0, offset: offset, size: size, link: link,
            entrySize: entrySize)
    }

    /// Where in the file the address lies that an entry states, and how far its segment goes on.
    private func bytes(at tag: UInt64) -> (offset: UInt64, size: UInt64)? {
        guard let address = values[tag] else { return nil }
        for segment in segments where segment.type == ELFLayout.Segment.load {
            guard address >= segment.address, address - segment.address < segment.fileSize,
                file.holds(segment.offset, segment.fileSize)
            else { continue }
            let skipped = address - segment.address
            return (segment.offset + skipped, segment.fileSize - skipped)
        }
        return nil
    }

    /// The number of symbols, which is that of the chains of the old hash table (`DT_HASH`).
    private var symbolCount: UInt64? {
        guard let table = bytes(at: Tag.hash), table.size >= 8,
            let count: UInt32 = file.load(table.offset + 4)
        else { return nil }
        return UInt64(count)
    }

    /// Size of the table whose bytes are at most these, and the number of symbols: one more than
    /// the last one that it knows, which is the last of all. Those that are not exported come first.
    private func gnuHash(
        _ table: (offset: UInt64, size: UInt64)
    ) -> (offset: UInt64, size: UInt64, symbols: UInt64)? {
        let end = table.offset + table.size
        guard let bucketCount: UInt32 = file.load(table.offset),
            let first: UInt32 = file.load(table.offset + 4),
            let filterWords: UInt32 = file.load(table.offset + 8), bucketCount <= Self.bucketLimit
        else { return nil }
        // Four words of header, the filter in 64-bit words, a word a bucket, a word a symbol.
        let buckets = table.offset + 16 + UInt64(filterWords) * 8
        let chains = buckets + UInt64(bucketCount) * 4
        guard chains <= end else { return nil }
        var last: UInt64 = 0
        for index in 0..<UInt64(bucketCount) {
            guard let start: UInt32 = file.load(buckets + index * 4) else { return nil }
            last = max(last, UInt64(start))
        }
        guard last >= UInt64(first) else {
            return (table.offset, chains - table.offset, UInt64(first))
        }
        // The lowest bit marks the end of a chain.
        var place = chains + (last - UInt64(first)) * 4
        while place + 4 <= end, let entry: UInt32 = file.load(place) {
            place += 4
            last += 1
            if entry & 1 != 0 { return (table.offset, place - table.offset, last) }
        }
        return nil
    }
}
