import AttachReport

/// A symbol table of an ELF file (`Elf64_Sym`, gABI ch. 4), read where it lies.
struct SymbolTable: Sendable {
    /// One symbol, its name unread.
    struct Entry {
        /// Offset in the string table.
        var name: UInt32
        /// Type in the low half, binding in the high half.
        var info: UInt8
        /// Section index; 0 where it is defined in another file.
        var section: UInt16
        /// Address, before the load bias.
        var value: UInt64
        /// Bytes; 0 where not known.
        var size: UInt64

        var type: UInt8 { info & 15 }
        var binding: UInt8 { info >> 4 }
        var isDefined: Bool { section != 0 }
        /// `STT_FUNC`, `STT_GNU_IFUNC`, or `STT_NOTYPE` as assembly has it.
        var mayBeFunction: Bool { type == 2 || type == 10 || type == 0 }
        /// Whether its value is an address: not of a section, a file or thread-local data.
        var hasAddress: Bool { isDefined && type != 3 && type != 4 && type != 6 }
        /// One past its last byte.
        var end: UInt64 {
            let (end, overflow) = value.addingReportingOverflow(size)
            return overflow ? UInt64.max : end
        }
    }

    /// The longest name that is read; Swift's longest are a few thousand bytes.
    static let nameLimit = 65_536

    /// Where it lies. Its bytes live as long as this.
    let file: ELFFile
    /// Number of symbols.
    let count: Int
    /// Whether it names every function, and not just those that are exported, or just the others.
    let isComplete: Bool
    private let offset: UInt64
    private let strings: Range<UInt64>

    /// The table in the first section of this type; nil without one that makes sense.
    ///
    /// - Parameter isComplete: nil for what the type of the table says.
    init?(_ type: UInt32, of file: ELFFile, isComplete: Bool? = nil) {
        let layout = file.layout
        guard let section = layout.sections.first(where: { $0.type == type }),
            section.entrySize == 24, !section.isCompressed, section.size >= 24,
            file.bytes.holds(section.offset, section.size),
            Int(section.link) < layout.sections.count
        else { return nil }
        let names = layout.sections[Int(section.link)]
        guard file.bytes.holds(names.offset, names.size), !names.isCompressed,
            names.type != ELFLayout.Section.noBits
        else { return nil }
        self.file = file
        count = Int(section.size / 24)
        self.isComplete = isComplete ?? (type == ELFLayout.Section.symbolTable)
        offset = section.offset
        strings = names.offset..<names.offset + names.size
    }

    /// The tables to ask for what lies in `file`, best first: the whole table of the file, or else
    /// of its debug file, or else the local functions that it carries packed; then the table for
    /// the dynamic linker.
    static func tables(of file: ELFFile) -> [SymbolTable] {
        let dynamic = SymbolTable(ELFLayout.Section.dynamicSymbols, of: file)
        return [whole(of: file)?.table, dynamic].compactMap(\.self)
    }

    /// Where the best of them comes from; nil without any.
    static func source(of file: ELFFile) -> SymbolSource? {
        if let whole = whole(of: file) { return whole.source }
        return SymbolTable(ELFLayout.Section.dynamicSymbols, of: file) == nil ? nil : .exported
    }

    private static func whole(of file: ELFFile) -> (table: SymbolTable, source: SymbolSource)? {
        let type = ELFLayout.Section.symbolTable
        if let own = SymbolTable(type, of: file) { return (own, .file) }
        if let debug = file.debugFile, let table = SymbolTable(type, of: debug.file) {
            return (table, .debugFile)
        }
        if let mini = file.miniDebugFile, let table = SymbolTable(type, of: mini, isComplete: false)
        {
            return (table, .miniDebugData)
        }
        return nil
    }

    /// Calls `body` with every symbol but the first, which is none, until it returns false.
    @inline(__always)
    func forEach(_ body: (Entry) -> Bool) {
        var index = 1
        while index < count {
            guard let entry = entry(index), body(entry) else { return }
            index += 1
        }
    }

    /// The symbol of this number; nil where there is none.
    @inline(__always)
    func entry(_ index: Int) -> Entry? {
        guard index >= 0, index < count,
            let (first, value, size) = file.bytes.threeWords(offset + UInt64(index) * 24)
        else { return nil }
        // Elf64_Sym (elf.h): st_name, st_info, st_other and st_shndx share the first word.
        return Entry(
            name: UInt32(truncatingIfNeeded: first), info: UInt8(truncatingIfNeeded: first >> 32),
            section: UInt16(truncatingIfNeeded: first >> 48), value: value, size: size)
    }

    /// The name of a symbol; empty where the table has none.
    func name(_ offset: UInt32) -> String {
        file.bytes.string(
            strings.lowerBound + UInt64(offset), before: strings.upperBound,
            limit: Self.nameLimit) ?? ""
    }

    /// Eight bytes of a name from this one on, if the table goes on that far; its end is not
    /// looked for.
    @inline(__always)
    func nameWord(_ offset: UInt32, at index: Int) -> UInt64? {
        let place = strings.lowerBound + UInt64(offset) + UInt64(index)
        return place < strings.upperBound ? file.bytes.load(place) : nil
    }

    /// The first eight bytes of a name, zeroes behind its end; enough to tell most names apart.
    @inline(__always)
    func nameHead(_ offset: UInt32) -> UInt64 {
        let place = strings.lowerBound + UInt64(offset)
        guard place < strings.upperBound else { return 0 }
        if let word: UInt64 = file.bytes.load(place) { return Self.cutAtEnd(word) }
        return 0
    }

    /// The same of a name of our own.
    static func nameHead(of name: String) -> UInt64 {
        var word: UInt64 = 0
        for (index, byte) in name.utf8.prefix(8).enumerated() {
            word |= UInt64(byte) << UInt64(8 * index)
        }
        return word
    }

    /// Clears what follows the first zero byte.
    @inline(__always)
    private static func cutAtEnd(_ word: UInt64) -> UInt64 {
        // The lowest set top bit marks the lowest zero byte.
        let zeroes = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
        guard zeroes != 0 else { return word }
        let bits = UInt64(zeroes.trailingZeroBitCount) & ~7
        return word & ((1 << bits) &- 1)
    }

    /// Whether `address` lies in the executable section that this symbol is defined in.
    func isSameSection(_ entry: Entry, _ address: UInt64) -> Bool {
        let sections = file.layout.sections
        guard Int(entry.section) < sections.count else { return false }
        let section = sections[Int(entry.section)]
        return section.isExecutable && section.contains(entry.value) && section.contains(address)
    }
}
