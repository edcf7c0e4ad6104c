import AttachReport

/// A mapped file as far as the target's memory holds it: what there is to go by where the file
/// itself cannot be had.
enum MemoryImage {
    /// No more of one file is put together.
    private static let limit: UInt64 = 128 << 20
    /// A core file has at least so much of a file's beginning.
    private static let pageSize = TargetMemory.smallestPage

    /// The parts of the file that memory holds unwritten, each at its place in the file, with
    /// zeroes between them; nil where that is not even the first page.
    static func bytes(of mappings: [Mapping], in memory: TargetMemory) -> ImageBytes? {
        var parts: [(offset: Int, bytes: [UInt8])] = []
        for mapping in mappings where mapping.isReadable && !mapping.isWritable {
            let (end, overflow) = mapping.fileOffset.addingReportingOverflow(mapping.size)
            guard !overflow, end <= limit else { continue }
            let start = Address(mapping.start)
            let whole = memory.copy(start, count: Int(mapping.size))
            guard let bytes = whole ?? memory.copy(start, count: pageSize) else { continue }
            parts.append((Int(mapping.fileOffset), bytes))
        }
        guard parts.contains(where: { $0.offset == 0 }) else { return nil }
        var file = [UInt8](
            repeating: 0, count: parts.map { $0.offset + $0.bytes.count }.max() ?? 0)
        for part in parts {
            file.replaceSubrange(part.offset..<part.offset + part.bytes.count, with: part.bytes)
        }
        return ImageBytes(copying: file)
    }

    /// The build ID of the file, if the part of it that memory holds has one.
    static func buildID(of mappings: [Mapping], in memory: TargetMemory) -> [UInt8]? {
        guard let bytes = bytes(of: mappings, in: memory) else { return nil }
        return (try? ELFLayout(bytes))?.buildID(in: bytes)?.bytes
    }
}
