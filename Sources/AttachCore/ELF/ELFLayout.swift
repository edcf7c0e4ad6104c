/// The headers of an ELF64 little-endian file (System V gABI, elf.h), checked against its size.
struct ELFLayout: Sendable {
    /// An entry of the program header table (`Elf64_Phdr`).
    struct Segment: Sendable {
        /// What it is: `PT_LOAD` and so on.
        var type: UInt32
        /// `PF_R`, `PF_W`, `PF_X`.
        var flags: UInt32
        /// Where its bytes begin in the file.
        var offset: UInt64
        /// Where they lie in memory, before the load bias.
        var address: UInt64
        /// Bytes in the file.
        var fileSize: UInt64
        /// Bytes in memory.
        var memorySize: UInt64
        /// A power of two, or 0.
        var alignment: UInt64

        static let load: UInt32 = 1
        static let dynamic: UInt32 = 2
        static let note: UInt32 = 4
        static let threadLocal: UInt32 = 7
        static let exceptionFrameHeader: UInt32 = 0x6474_e550

        var isExecutable: Bool { flags & 1 != 0 }
        var isWritable: Bool { flags & 2 != 0 }
    }

    /// An entry of the section header table (`Elf64_Shdr`).
    struct Section: Sendable {
        /// Offset of its name in the section name table.
        var name: UInt32
        /// What it is: `SHT_SYMTAB` and so on.
        var type: UInt32
        /// `SHF_EXECINSTR` and so on.
        var flags: UInt64
        /// Where it lies in memory, before the load bias; 0 where it is not loaded.
        var address: UInt64
        /// Where its bytes begin in the file.
        var offset: UInt64
        /// Its bytes.
        var size: UInt64
        /// Index of a section that belongs to it.
        var link: UInt32
        /// Size of an entry, for tables.
        var entrySize: UInt64

        static let symbolTable: UInt32 = 2
        static let strings: UInt32 = 3
        static let note: UInt32 = 7
        static let noBits: UInt32 = 8
        static let dynamicSymbols: UInt32 = 11
        static let gnuHash: UInt32 = 0x6fff_fff6

        var isExecutable: Bool { flags & 4 != 0 }
        var isCompressed: Bool { flags & 0x800 != 0 }
        /// Whether `address` lies in it when loaded.
        func contains(_ place: UInt64) -> Bool { place >= address && place - address < size }
    }

    /// `e_type`: what kind of file it is.
    var type: UInt16
    /// `e_machine`.
    var machine: UInt16
    /// The program header table.
    var segments: [Segment]
    /// The section header table. Where the file has none, or it lies outside the file, what the
    /// dynamic segment tells of the dynamic symbols.
    var sections: [Section]
    /// What is wrong with the file but does not keep us from using the rest; nil for nothing.
    var damage: String?
    private var sectionNames: Section?

    /// `e_type` of a core file.
    static let core: UInt16 = 4

    /// Real programs have a dozen segments and a few dozen sections.
    static let segmentLimit: UInt64 = 1024
    private static let sectionLimit: UInt64 = 65_536

    /// Reads the headers. Throws where there is nothing to be had from the file.
    ///
    /// - Parameter segmentLimit: more segments than these are a fault of the file.
    init(_ file: ImageBytes, segmentLimit: UInt64 = segmentLimit) throws(FileFailure) {
        guard file.load(0, as: UInt32.self) == 0x464c_457f,  // "\u{7f}ELF"
            file.load(4, as: UInt8.self) == 2, file.load(5, as: UInt8.self) == 1,
            let type: UInt16 = file.load(16), let machine: UInt16 = file.load(18),
            let segmentTable: UInt64 = file.load(32),
            let sectionTable: UInt64 = file.load(40), let segmentSize: UInt16 = file.load(54),
            let segmentCount: UInt16 = file.load(56), let sectionSize: UInt16 = file.load(58),
            let sectionCount: UInt16 = file.load(60), let nameIndex: UInt16 = file.load(62)
        else { throw .notELF }
        self.type = type
        self.machine = machine
        self.segments = []
        self.sections = []

        // Extended numbering: the real counts stand in the section header 0 (gABI, ch. 4).
        var counts = (segments: UInt64(segmentCount), sections: UInt64(sectionCount))
        var nameSection = UInt64(nameIndex)
        let first =
            sectionTable != 0 && sectionSize == 64 ? Self.section(file, sectionTable) : nil
        if counts.segments == 0xffff { counts.segments = UInt64(first?.info ?? 0) }
        if counts.sections == 0 { counts.sections = first?.section.size ?? 0 }
        if nameSection == 0xffff { nameSection = UInt64(first?.section.link ?? 0) }

        if counts.segments > 0 {
            guard segmentSize == 56, counts.segments <= segmentLimit,
                file.holds(segmentTable, counts.segments * 56)
            else { throw .malformed("program headers lie outside the file") }
            for index in 0..<counts.segments {
                if let segment = Self.segment(file, segmentTable + index * 56) {
                    segments.append(segment)
                }
            }
        }
        if sectionTable != 0, counts.sections > 0 {
            if sectionSize == 64, counts.sections <= Self.sectionLimit,
                file.holds(sectionTable, counts.sections * 64)
            {
                for index in 0..<counts.sections {
                    if let section = Self.section(file, sectionTable + index * 64)?.section {
                        sections.append(section)
                    }
                }
            } else {
                damage = "section headers lie outside the file"
            }
            if nameSection < UInt64(sections.count) { sectionNames = sections[Int(nameSection)] }
        }
        if sections.isEmpty { sections = DynamicSegment(segments, in: file)?.sections ?? [] }
    }

    private static func segment(_ file: ImageBytes, _ at: UInt64) -> Segment? {
        guard let type: UInt32 = file.load(at), let flags: UInt32 = file.load(at + 4),
            let offset: UInt64 = file.load(at + 8), let address: UInt64 = file.load(at + 16),
            let fileSize: UInt64 = file.load(at + 32), let memorySize: UInt64 = file.load(at + 40),
            let alignment: UInt64 = file.load(at + 48)
        else { return nil }
        return Segment(
            type: type, flags: flags, offset: offset, address: address, fileSize: fileSize,
            memorySize: memorySize, alignment: alignment)
    }

    private static func section(
        _ file: ImageBytes, _ at: UInt64
    ) -> (section: Section, info: UInt32)? {
        guard file.holds(at, 64), let name: UInt32 = file.load(at),
            let type: UInt32 = file.load(at + 4), let flags: UInt64 = file.load(at + 8),
            let address: UInt64 = file.load(at + 16), let offset: UInt64 = file.load(at + 24),
            let size: UInt64 = file.load(at + 32), let link: UInt32 = file.load(at + 40),
            let info: UInt32 = file.load(at + 44), let entrySize: UInt64 = file.load(at + 56)
        else { return nil }
        let section = Section(
            name: name, type: type, flags: flags, address: address, offset: offset, size: size,
            link: link, entrySize: entrySize)
        return (section, info)
    }

    /// Where the file has the code at `address` (before the load bias); nil where no executable
    /// segment has it.
    func offset(ofCodeAt address: UInt64) -> UInt64? {
        offset(of: address, in: segments.filter(\.isExecutable))
    }

    /// Where the file has the bytes that are loaded at `address` (before the load bias); nil where
    /// no segment has them.
    func offset(ofDataAt address: UInt64) -> UInt64? { offset(of: address, in: segments) }

    private func offset(of address: UInt64, in segments: [Segment]) -> UInt64? {
        for segment in segments where segment.type == Segment.load {
            if address >= segment.address, address - segment.address < segment.fileSize {
                let (offset, overflow) = segment.offset.addingReportingOverflow(
                    address - segment.address)
                return overflow ? nil : offset
            }
        }
        return nil
    }

    /// Whether the file says what its sections are called; the loader does not need that.
    var hasSectionNames: Bool { sectionNames != nil }

    /// The section with this name, if its bytes lie in the file.
    func section(named name: String, in file: ImageBytes) -> Section? {
        sections.first { section in
            section.type != Section.noBits && file.holds(section.offset, section.size)
                && isNamed(section, name, in: file)
        }
    }

    /// Whether there is a section of this name, be it one whose bytes are in another file.
    func hasSection(named name: String, in file: ImageBytes) -> Bool {
        sections.contains { isNamed($0, name, in: file) }
    }

    private func isNamed(_ section: Section, _ name: String, in file: ImageBytes) -> Bool {
        guard let names = sectionNames, file.holds(names.offset, names.size),
            UInt64(section.name) < names.size
        else { return false }
        return file.string(
            names.offset + UInt64(section.name), before: names.offset + names.size, limit: 64)
            == name
    }

    /// The bytes of the GNU build ID (`NT_GNU_BUILD_ID`), from the notes of segments, else of
    /// sections; nil without one.
    func buildID(
        in file: ImageBytes
    ) -> (bytes: [UInt8], address: UInt64?, offset: UInt64)? {
        for segment in segments where segment.type == Segment.note {
            if let found = Self.buildID(file, segment.offset, segment.fileSize, segment.alignment) {
                return (
                    found.bytes, segment.address &+ found.skip, segment.offset &+ found.skip
                )
            }
        }
        for section in sections where section.type == Section.note {
            if let found = Self.buildID(file, section.offset, section.size, 4) {
                return (found.bytes, nil, section.offset &+ found.skip)
            }
        }
        return nil
    }

    /// Walks the notes of one table: three words, a name and a descriptor, each padded.
    private static func buildID(
        _ file: ImageBytes, _ offset: UInt64, _ size: UInt64, _ alignment: UInt64
    ) -> (bytes: [UInt8], skip: UInt64)? {
        guard file.holds(offset, size) else { return nil }
        let end = offset + size
        let mask: UInt64 = alignment == 8 ? 7 : 3
        var position = offset
        while end - position >= 12 {
            guard let nameSize: UInt32 = file.load(position),
                let length: UInt32 = file.load(position + 4),
                let type: UInt32 = file.load(position + 8)
            else { return nil }
            let body = position + 12 + ((UInt64(nameSize) + mask) & ~mask)
            let next = body + ((UInt64(length) + mask) & ~mask)
            guard body <= end, UInt64(length) <= end - body else { return nil }
            // "GNU\0", read as one word.
            if type == 3, nameSize == 4, length > 0, length <= 64,
                file.load(position + 12, as: UInt32.self) == 0x0055_4e47,
                let bytes = file.copy(body, UInt64(length))
            {
                return (bytes, body - offset)
            }
            guard next > position, next <= end else { return nil }
            position = next
        }
        return nil
    }
}

/// Lower-case hexadecimal digits of these bytes, two each.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
