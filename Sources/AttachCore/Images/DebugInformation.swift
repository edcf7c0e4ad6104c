import AttachReport
import CElf

/// The DWARF of one file, read with libdw.
///
/// libdw finds the unit of an address through `.debug_aranges`, which Swift does not write. The
/// ranges of the units are therefore read from their own entries, only as far as necessary: the
/// search stops when every address has its unit, and goes on from there the next time.
@safe final class DebugInformation {
    /// Why there are no lines, though the file has debug information; nil where it was readable.
    private(set) var damage: String?

    private let bytes: ImageBytes
    private let elf: OpaquePointer
    private let dwarf: OpaquePointer
    private var units: [DebugEntry] = []
    private var ranges: [(range: Range<UInt64>, unit: Int)] = []
    private var nextUnit: OpaquePointer?
    private var isExhausted = false

    /// A linker leaves ranges of functions that it dropped at addresses near zero.
    private static let lowestAddress: UInt64 = 0x100
    private static let unitLimit = 1 << 20
    private static let rangeLimit = 1 << 23
    /// Compressed sections are unpacked into memory of ours.
    private static let unpackedLimit: UInt64 = 4 << 30
    private static let copyLimit: UInt64 = 1 << 30

    /// Why debug information that is there is not read.
    enum Refusal: Error {
        /// It draws on another file, which the target names.
        case refersElsewhere
        /// Unpacked it would take up more memory than we spend on it.
        case tooLarge
        /// libdw cannot read it.
        case unreadable

        /// In words.
        var description: String {
            switch self {
            case .refersElsewhere: "debug information refers to another file"
            case .tooLarge: "debug information is too large when unpacked"
            case .unreadable: "debug information cannot be read"
            }
        }
    }

    /// The debug information of `file` or of its debug file; nil where neither has any. That of the
    /// system's own libraries is left alone unless there is Swift code in them: unpacking that of
    /// the C library costs 100 ms, and nobody looks for a stuck task in its lines.
    static func open(_ file: ELFFile) throws(Refusal) -> DebugInformation? {
        if file.hasDebugInformation { return try DebugInformation(file, isTrusted: false) }
        return try separateFile(of: file).map { debug throws(Refusal) in
            let way = debug.record.foundBy
            return try DebugInformation(
                debug.file, isTrusted: way == .system || way == .debugFolder)
        }
    }

    /// Whether `open` would find any.
    static func isPresent(for file: ELFFile) -> Bool {
        file.hasDebugInformation || separateFile(of: file) != nil
    }

    private static func separateFile(
        of file: ELFFile
    ) -> (file: ELFFile, record: DebugFileRecord)? {
        guard let debug = file.debugFile, debug.file.hasDebugInformation else { return nil }
        switch debug.record.foundBy {
        case .debugFolder, .debugLink, .targetRoot: return debug
        case .system, .debuginfod:
            return debug.file.layout.hasSection(
                named: "swift5_type_metadata", in: debug.file.bytes) ? debug : nil
        }
    }

    /// `isTrusted` says that the file was installed by the system, or given by the user, and is
    /// not the target's.
    private init(_ file: ELFFile, isTrusted: Bool) throws(Refusal) {
        // A reference to a supplementary file makes libdw open whatever path it names.
        let refersElsewhere =
            file.layout.section(named: ".gnu_debugaltlink", in: file.bytes) != nil
            || file.layout.section(named: ".debug_sup", in: file.bytes) != nil
        guard isTrusted || !refersElsewhere else { throw .refersElsewhere }
        guard Self.unpackedSize(file) <= Self.unpackedLimit else { throw .tooLarge }
        guard elf_version(UInt32(EV_CURRENT)) != UInt32(EV_NONE) else { throw .unreadable }
        // Where libelf unpacks a section it also changes the section's header, in place.
        let bytes = Self.isCompressed(file) ? Self.copy(of: file) : file.bytes
        guard let bytes else { throw .tooLarge }
        let elf = unsafe bytes.withAddress { base in
            unsafe elf_memory(
                UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: CChar.self)),
                Int(bytes.count))
        }
        guard let elf = unsafe elf else { throw .unreadable }
        guard let dwarf = unsafe dwarf_begin_elf(elf, DWARF_C_READ, nil) else {
            unsafe elf_end(elf)
            throw .unreadable
        }
        self.bytes = bytes
        unsafe self.elf = elf
        unsafe self.dwarf = dwarf
    }

    deinit {
        unsafe dwarf_end(dwarf)
        unsafe elf_end(elf)
    }

    private static func isCompressed(_ file: ELFFile) -> Bool {
        file.layout.sections.contains(where: \.isCompressed) || hasOldCompression(file)
    }

    /// Whether sections are packed as GNU tools did before `SHF_COMPRESSED`.
    private static func hasOldCompression(_ file: ELFFile) -> Bool {
        file.layout.section(named: ".zdebug_info", in: file.bytes) != nil
    }

    private static func copy(of file: ELFFile) -> ImageBytes? {
        guard file.bytes.count <= copyLimit else { return nil }
        return file.bytes.copy()
    }

    /// What all packed sections say they unpack to: `Elf64_Chdr.ch_size`, or the big-endian size
    /// behind the letters `ZLIB`.
    private static func unpackedSize(_ file: ELFFile) -> UInt64 {
        let isOld = hasOldCompression(file)
        return file.layout.sections.reduce(into: UInt64(0)) { sum, section in
            var size: UInt64 = 0
            if section.isCompressed {
                size = file.bytes.load(section.offset &+ 8) ?? 0
            } else if isOld, file.bytes.load(section.offset, as: UInt32.self) == 0x4249_4c5a {
                size = (file.bytes.load(section.offset &+ 4, as: UInt64.self) ?? 0).byteSwapped
            }
            sum = sum.addingReportingOverflow(size).overflow ? .max : sum + size
        }
    }

    /// The units of these addresses (sorted, before the load bias), with those that lie in each.
    func units(of addresses: [UInt64]) -> [(unit: DebugEntry, addresses: [UInt64])] {
        var found: [Int: [UInt64]] = [:]
        var missing = addresses.count
        var isFound = [Bool](repeating: false, count: addresses.count)
        func match(_ entry: (range: Range<UInt64>, unit: Int)) {
            var index = addresses.partitioningIndex { $0 >= entry.range.lowerBound }
            while index < addresses.count, addresses[index] < entry.range.upperBound {
                if !isFound[index] {
                    isFound[index] = true
                    missing -= 1
                    found[entry.unit, default: []].append(addresses[index])
                }
                index += 1
            }
        }
        for entry in ranges where missing > 0 { match(entry) }
        while missing > 0, !isExhausted {
            let known = ranges.count
            readUnit()
            for entry in ranges[known...] { match(entry) }
        }
        return found.keys.sorted().map { (units[$0], (found[$0] ?? []).sorted()) }
    }

    /// Reads the ranges of one more unit.
    private func readUnit() {
        var next: OpaquePointer?
        var version: Dwarf_Half = 0
        var type: UInt8 = 0
        var entry = unsafe Dwarf_Die()
        let result = unsafe dwarf_get_units(
            dwarf, nextUnit, &next, &version, &type, &entry, nil)
        guard result == 0, units.count < Self.unitLimit, ranges.count < Self.rangeLimit else {
            isExhausted = true
            if result < 0 { damage = "debug information is malformed" }
            if result == 0 { damage = "debug information has too many units" }
            return
        }
        unsafe nextUnit = next
        // A skeleton's rest lies in a file that the target names; that is not followed.
        guard Int(type) == DW_UT_compile || Int(type) == DW_UT_partial else { return }
        let unit = unsafe DebugEntry(entry)
        units.append(unit)
        for range in unit.ranges where range.lowerBound >= Self.lowestAddress {
            ranges.append((range, units.count - 1))
        }
    }
}
