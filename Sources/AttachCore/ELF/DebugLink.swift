/// What a stripped file says of its separate debug file (`.gnu_debuglink`; gdb manual, "Debugging
/// Information in Separate Files").
struct DebugLink: Hashable, Sendable {
    /// The name of the file, without folders.
    var name: String
    /// Its CRC-32, as zlib computes it.
    var checksum: UInt32

    private static let nameLimit = 255  // NAME_MAX, limits.h

    /// nil where the file has no such section, or one whose name could lead elsewhere.
    init?(_ layout: ELFLayout, in file: ImageBytes) {
        // The name with its zero, padded to four bytes, and the checksum.
        guard let section = layout.section(named: ".gnu_debuglink", in: file),
            !section.isCompressed, section.size >= 8, section.size <= 4096,
            let checksum: UInt32 = file.load(section.offset + section.size - 4),
            let name = file.string(
                section.offset, before: section.offset + section.size - 4,
                limit: Self.nameLimit + 1),
            !name.isEmpty, name.utf8.count <= Self.nameLimit, !name.utf8.contains(0x2f),
            name != ".", name != ".."
        else { return nil }
        self.name = name
        self.checksum = checksum
    }
}
