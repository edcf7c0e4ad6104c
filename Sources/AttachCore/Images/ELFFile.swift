import Synchronization

/// An ELF file with its checked headers.
final class ELFFile: Sendable {
    /// Everything in it.
    let bytes: ImageBytes
    /// Its headers.
    let layout: ELFLayout
    /// The GNU build ID; nil where it has none.
    let buildID: [UInt8]?
    /// Where the note's descriptor lies in memory, before the load bias.
    let buildIDAddress: UInt64?
    /// Ranges of functions, found when first asked for.
    let functionIndex = FunctionIndex()

    private let separate = Mutex<ELFFile??>(nil)

    /// The installed file with this file's symbols and debug information, looked for once.
    var debugFile: ELFFile? {
        separate.withLock { state in
            if let known = state { return known }
            let found = buildID.flatMap(DebugFiles.find)
            state = .some(found)
            return found
        }
    }

    /// Reads the headers. Throws where it is no ELF file that we can use.
    init(_ bytes: ImageBytes) throws(FileFailure) {
        let layout = try ELFLayout(bytes)
        let identity = layout.buildID(in: bytes)
        self.bytes = bytes
        self.layout = layout
        buildID = identity?.bytes
        buildIDAddress = identity?.address
    }

    /// The load bias that an executable mapping of `offset` at `start` tells, if the bytes there
    /// are those of an executable segment. Segments may share a page of the file, so the flags
    /// decide which one it is.
    func loadBias(ofCodeAt start: UInt64, offset: UInt64) -> UInt64? {
        for segment in layout.segments where segment.isExecutable {
            if let bias = Self.bias(segment, start, offset) { return bias }
        }
        return nil
    }

    /// Whether a mapping of `offset` at `start` is part of this file loaded with `bias`.
    func isLoaded(at start: UInt64, offset: UInt64, bias: UInt64) -> Bool {
        layout.segments.contains { Self.bias($0, start, offset) == bias }
    }

    /// Address and offset of a loaded byte differ by the same number throughout a segment, so
    /// bias = start − offset − (p_vaddr − p_offset), wrapping as the loader's arithmetic does.
    private static func bias(
        _ segment: ELFLayout.Segment, _ start: UInt64, _ offset: UInt64
    ) -> UInt64? {
        guard segment.type == ELFLayout.Segment.load, segment.fileSize > 0 else { return nil }
        // The kernel maps from the start of the page; no page is larger than 64 KiB.
        let firstPage = segment.offset & ~(min(max(segment.alignment, 0x1000), 0x10000) - 1)
        let (end, overflow) = segment.offset.addingReportingOverflow(segment.fileSize)
        guard !overflow, offset >= firstPage, offset < end else { return nil }
        return start &- offset &- (segment.address &- segment.offset)
    }
}
