import AttachReport
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

    private let candidates: [DebugFileCandidate]
    private let separate = Mutex<(file: ELFFile, record: DebugFileRecord)??>(nil)
    private let mini = Mutex<MiniDebugData.Outcome?>(nil)
    private let budget: UnpackingBudget

    /// Reads the headers. Throws where it is no ELF file that we can use.
    ///
    /// - Parameters:
    ///   - candidates: what may be its debug file, the likeliest first.
    ///   - budget: for unpacking what it carries packed; one of its own by default.
    init(
        _ bytes: ImageBytes, candidates: [DebugFileCandidate] = [],
        budget: UnpackingBudget = UnpackingBudget()
    ) throws(FileFailure) {
        let layout = try ELFLayout(bytes)
        let identity = layout.buildID(in: bytes)
        self.bytes = bytes
        self.layout = layout
        self.candidates = candidates
        self.budget = budget
        buildID = identity?.bytes
        buildIDAddress = identity?.address
    }

    /// The separate file with this file's symbols or debug information, and where it was found;
    /// looked for once.
    var debugFile: (file: ELFFile, record: DebugFileRecord)? {
        separate.withLock { state in
            if let known = state { return known }
            var found: (file: ELFFile, record: DebugFileRecord)?
            for candidate in candidates {
                guard let file = candidate.belonging(to: self) else { continue }
                found = (file, candidate.record)
                break
            }
            state = .some(found)
            return found
        }
    }

    /// The symbols of local functions that a distribution left in the stripped file itself, packed
    /// (`.gnu_debugdata`); unpacked once.
    var miniDebugFile: ELFFile? {
        if case .file(let file) = unpacked { file } else { nil }
    }

    /// Whether it carries symbols that were not unpacked, since together with those of other files
    /// they would take up too much.
    var isOverBudget: Bool {
        mini.withLock { if case .overBudget = $0 { true } else { false } }
    }

    private var unpacked: MiniDebugData.Outcome {
        mini.withLock { state in
            if let known = state { return known }
            let found = MiniDebugData.unpack(from: self, budget: budget)
            state = found
            return found
        }
    }

    /// Whether it has a table of all symbols, not just of those for the dynamic linker.
    var hasSymbolTable: Bool {
        layout.sections.contains { $0.type == ELFLayout.Section.symbolTable && $0.size > 0 }
    }

    /// Whether it tells source lines.
    var hasDebugInformation: Bool {
        [".debug_info", ".zdebug_info"].contains {
            layout.section(named: $0, in: bytes) != nil
        }
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
