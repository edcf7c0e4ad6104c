import AttachReport

/// Everything that is mapped from an ELF file, and what it calls things.
struct ImageTable: Sendable {
    /// By base address.
    private(set) var images: [Image] = []
    /// Files that could not be read.
    private(set) var gaps: [Gap] = []
    /// What the process calls code that no file has; nil where it says nothing.
    let generatedCode: GeneratedCode?
    private var imageRanges: AddressRanges<Int>
    private var codeRanges: AddressRanges<Void>

    /// No process has more files than this mapped; a hostile one shall not cost us more.
    private static let fileLimit = 4096
    /// The kernel's vDSO has two to four pages.
    private static let virtualLibraryLimit: UInt64 = 1 << 20

    /// Makes images of what the capture's maker found, the vDSO from memory included.
    ///
    /// - Parameter debugFiles: nil to look for them now, where every capture's are looked for.
    init(capture: Capture, debugFiles: DebugFiles? = nil) {
        let debugFiles = debugFiles ?? DebugFiles(of: capture)
        var builder = ImageBuilder(memory: capture.memory)
        var byFile: [MappedIdentity: [Mapping]] = [:]
        for mapping in capture.mappings where mapping.isFile {
            byFile[MappedIdentity(mapping.device, mapping.inode), default: []].append(mapping)
        }
        for (count, file) in capture.files.enumerated() {
            guard count < Self.fileLimit else {
                builder.gaps.append(Gap(.furtherMappedFiles, reason: .limit))
                break
            }
            let identity = MappedIdentity(file.device, file.inode)
            // Taken out, so that a file listed twice makes no image twice.
            guard let mappings = byFile.removeValue(forKey: identity) else { continue }
            builder.add(
                file, mappings, candidates: debugFiles.candidates[identity] ?? [])
        }
        for mapping in capture.mappings
        where mapping.path == "[vdso]" && mapping.size <= Self.virtualLibraryLimit {
            builder.addVirtualLibrary(mapping)
        }

        let images = builder.images.sorted { $0.record.baseAddress < $1.record.baseAddress }
        self.images = images
        generatedCode = capture.perfMap.flatMap {
            GeneratedCode($0, mappings: capture.mappings)
        }
        gaps = debugFiles.gaps + builder.gaps
        (codeRanges, imageRanges) = Self.ranges(of: images, among: capture.mappings)
    }

    /// The same images in an address space that has changed otherwise.
    func adapted(to mappings: [Mapping]) -> ImageTable {
        var table = self
        (table.codeRanges, table.imageRanges) = Self.ranges(of: images, among: mappings)
        return table
    }

    private static func ranges(
        of images: [Image], among mappings: [Mapping]
    ) -> (code: AddressRanges<Void>, images: AddressRanges<Int>) {
        let code = AddressRanges(
            mappings.filter(\.isExecutable)
                .map { AddressRanges<Void>.Entry(start: $0.start, end: $0.end, value: ()) })
        let ranges = images.enumerated().flatMap { index, image in
            image.ranges(among: mappings).map {
                AddressRanges<Int>.Entry(start: $0.lowerBound, end: $0.upperBound, value: index)
            }
        }
        return (code, AddressRanges(ranges))
    }

    /// The index in `images` of the one whose mappings hold `address`.
    func imageIndex(containing address: Address) -> Int? { imageRanges.value(at: address.value) }

    /// The image whose mappings, zero-filled data included, hold `address`.
    func image(containing address: Address) -> Image? {
        imageIndex(containing: address).map { images[$0] }
    }

    /// Whether code lies at `address`: an executable mapping holds it, of a file or not.
    @inline(__always)
    func isExecutable(_ address: Address) -> Bool { codeRanges.value(at: address.value) != nil }

    /// The bytes of files that stand for memory which the capture does not have: those of every
    /// private, readable mapping of an image's file, as far as the file goes.
    func fileSegments() -> (segments: [TargetMemory.Segment], owners: [AnyObject]) {
        var segments: [TargetMemory.Segment] = []
        var owners: [AnyObject] = []
        for image in images {
            // What was put together from memory is there already, and has zeroes for what is not.
            guard let file = image.file, file.bytes.isFile else { continue }
            for mapping in image.mappings
            where mapping.isFile && mapping.isReadable && !mapping.isShared {
                guard mapping.fileOffset < file.bytes.count, mapping.start < mapping.end else {
                    continue
                }
                let size = min(mapping.size, file.bytes.count - mapping.fileOffset)
                let segment = file.bytes.segment(
                    at: mapping.start, of: mapping.fileOffset, size,
                    isWritable: mapping.isWritable, isCaptured: false)
                if let segment { segments.append(segment) }
            }
            owners.append(file.bytes)
        }
        return (segments, owners)
    }
}
