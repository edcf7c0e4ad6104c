import AttachReport

/// One ELF file as it is mapped.
struct Image: Sendable {
    /// What the report says of it.
    var record: ImageRecord
    /// Added to an address that the file states gives the address in the target. Meaningless
    /// where `file` is nil: then the file's headers are not known.
    var loadBias: UInt64
    /// Executable ranges, by address.
    var executableRanges: [Range<UInt64>]
    /// `.eh_frame_hdr` in the target; nil where it has none.
    var exceptionFrameHeader: Range<UInt64>?
    /// PT_TLS: size in memory and alignment; nil where it has none.
    var threadLocalTemplate: (size: UInt64, alignment: UInt64)?
    /// The mappings of the file that belong to it, by address.
    var mappings: [Mapping]
    /// The file itself; nil where it could not be read, or is not the one that was mapped.
    var file: ELFFile?

    /// An image of a readable file; nil where none of its segments is loaded as `bias` says.
    init?(
        file: ELFFile, path: String, loadBias bias: UInt64, mappings: [Mapping]
    ) {
        guard let first = mappings.map(\.start).min() else { return nil }
        let code = mappings.filter(\.isExecutable).sorted { $0.start < $1.start }
        record = ImageRecord(
            name: MappedPath.fileName(path), path: path, buildID: file.buildID.map(hexadecimal),
            baseAddress: Address(first), endOfText: Address(code.last?.end ?? first),
            symbols: SymbolTable.source(of: file), debugFile: file.debugFile?.record)
        loadBias = bias
        self.mappings = mappings.sorted { $0.start < $1.start }
        executableRanges = code.map { $0.start..<$0.end }
        self.file = file
        for segment in file.layout.segments {
            if segment.type == ELFLayout.Segment.exceptionFrameHeader {
                let start = bias &+ segment.address
                let (end, overflow) = start.addingReportingOverflow(segment.memorySize)
                if !overflow { exceptionFrameHeader = start..<end }
            }
            if segment.type == ELFLayout.Segment.threadLocal {
                threadLocalTemplate = (segment.memorySize, max(segment.alignment, 1))
            }
        }
    }

    /// An image of which only the mappings are known.
    init?(path: String, buildID: String?, mappings: [Mapping]) {
        guard let first = mappings.min(by: { $0.start < $1.start }) else { return nil }
        let code = mappings.filter(\.isExecutable).sorted { $0.start < $1.start }
        record = ImageRecord(
            name: MappedPath.fileName(path), path: path, buildID: buildID,
            baseAddress: Address(first.start),
            endOfText: Address(code.last?.end ?? first.start))
        loadBias = 0
        self.mappings = mappings.sorted { $0.start < $1.start }
        executableRanges = code.map { $0.start..<$0.end }
    }

    /// What it takes up in the address space: its mappings, and of the memory without a file what
    /// its segments claim (zero-filled data; code that was moved to huge pages).
    func ranges(among all: [Mapping]) -> [Range<UInt64>] {
        var ranges = mappings.map { $0.start..<$0.end }
        let loaded = (file?.layout.segments ?? []).filter { $0.type == ELFLayout.Segment.load }
        for segment in loaded where segment.memorySize > 0 {
            let start = loadBias &+ segment.address
            let (end, overflow) = start.addingReportingOverflow(segment.memorySize)
            guard !overflow else { continue }
            for mapping in all where !mapping.isFile && mapping.start < end && start < mapping.end {
                ranges.append(max(start, mapping.start)..<min(end, mapping.end))
            }
        }
        return ranges
    }

    /// The address as the file states it; nil where the file's headers are not known.
    func fileAddress(_ address: Address) -> UInt64? {
        file == nil ? nil : address.value &- loadBias
    }
}
