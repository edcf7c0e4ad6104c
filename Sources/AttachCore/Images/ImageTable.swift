import AttachReport

/// Everything that is mapped from an ELF file, and what it calls things.
struct ImageTable: Sendable {
    /// By base address.
    var images: [Image] = []
    /// Files that could not be read.
    var gaps: [Gap] = []

    /// Opens what the capture's maker found, the vDSO from memory included.
    init(capture: Capture) {}

    /// The image whose mappings hold `address`.
    func image(containing address: Address) -> Image? { nil }

    /// Whether code lies at `address`: an executable mapping holds it.
    func isExecutable(_ address: Address) -> Bool { false }

    /// The bytes of files that stand for memory which the capture does not have.
    func fileSegments() -> (segments: [TargetMemory.Segment], owners: [AnyObject]) { ([], []) }

    /// Where symbols of these names lie, image by image. One pass over each symbol table.
    func addresses(ofSymbols names: Set<String>) -> [String: [Address]] { [:] }

    /// The function that a sized symbol says covers `address`; nil without one.
    func functionRange(containing address: Address) -> Range<UInt64>? { nil }
}

/// One ELF file as it is mapped.
struct Image: Sendable {
    /// What the report says of it.
    var record: ImageRecord
    /// Added to an address that the file states gives the address in the target.
    var loadBias: UInt64
    /// Executable ranges, by address.
    var executableRanges: [Range<UInt64>]
    /// `.eh_frame_hdr` in the target; nil where it has none.
    var exceptionFrameHeader: Range<UInt64>?
    /// PT_TLS: size in memory and alignment; nil where it has none.
    var threadLocalTemplate: (size: UInt64, alignment: UInt64)?
}
