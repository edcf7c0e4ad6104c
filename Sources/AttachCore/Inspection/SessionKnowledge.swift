import AttachReport

/// What stays true of a process from one look at it to the next: the files that it has mapped, and
/// what they call the places in its code.
struct SessionKnowledge {
    private var images: ImageTable?
    /// What the images were made of.
    private var mapped: [Mapping] = []
    private var names: [CodeAddress: [Frame]] = [:]
    private var gaps: [Gap] = []

    /// Names that are kept from look to look: some 200 MB.
    private static let nameLimit = 1_000_000

    /// Knows nothing yet.
    init() {}

    /// The capture with its files. Files that are mapped as they were before are not read again.
    mutating func target(of capture: Capture, debugFiles: DebugFiles?) -> Target {
        let now = Self.mapped(of: capture)
        // What a process calls code that it makes as it runs may change at any time.
        if let known = images, now == mapped, known.generatedCode == nil {
            let images = known.adapted(to: capture.mappings)
            self.images = images
            return Target(capture, images: images)
        }
        let images = ImageTable(capture: capture, debugFiles: debugFiles)
        (self.images, mapped, names, gaps) = (images, now, [:], [])
        return Target(capture, images: images)
    }

    /// Names for every one of these addresses.
    mutating func names(
        of addresses: Set<CodeAddress>, in images: ImageTable, options: SnapshotOptions
    ) -> FrameNames {
        let unknown = addresses.filter { names[$0] == nil }
        if !unknown.isEmpty {
            var symbolizer = Symbolizer(
                images: images, readsLines: options.readsLines,
                lineTimeLimit: options.lineTimeLimit)
            if names.count > Self.nameLimit { names = [:] }
            names.merge(symbolizer.frames(for: unknown)) { _, new in new }
            for gap in symbolizer.gaps where !gaps.contains(gap) { gaps.append(gap) }
        }
        return FrameNames(names, gaps: gaps)
    }

    /// The mappings that decide what the images are.
    static func mapped(of capture: Capture) -> [Mapping] {
        capture.mappings.filter { $0.isFile || $0.path == "[vdso]" }
    }
}
