import AttachReport

/// Where separate debug files are looked for.
public struct DebugFileOptions: Sendable {
    /// Folders that the user named, the first one first.
    public var folders: [String] = []
    /// Nanoseconds that debuginfod servers may be asked for; 0 to ask none.
    public var debuginfodPatience: Int64 = 0
    /// Whether source lines are wanted, for which a file with symbols may need another one.
    public var readsLines = true

    /// The defaults: where the system and the files themselves say.
    public init() {}
}

/// What may be the debug files of a capture's mapped files, open.
///
/// Made while there still are privileges to open files with. Nothing of the found files is looked
/// at yet: they may be the target's own, and that is for a time when there is nothing left to lose.
/// Of the mapped files only headers are read, by code that checks every access.
public struct DebugFiles: Sendable {
    /// By the file they may belong to, the likeliest first.
    private(set) var candidates: [MappedIdentity: [DebugFileCandidate]] = [:]
    /// Folders that could not be searched.
    private(set) var gaps: [Gap] = []
    /// What was fetched from debuginfod, in a line for the person; nil for nothing.
    public private(set) var remark: String?

    /// No process has more files than this mapped.
    private static let fileLimit = 4096
    /// Open files are few, and so are the files that can be mapped at once.
    private static let candidateLimit = 1024

    /// Looks for the debug files of everything that a capture has mapped.
    public init(of capture: Capture, options: DebugFileOptions = DebugFileOptions()) {
        let finders = finders(capture.root, options)
        var servers =
            options.debuginfodPatience > 0 && Debuginfod.isConfigured
            ? Debuginfod(patience: options.debuginfodPatience) : nil
        defer {
            remark = servers?.remark
            if let gap = servers?.gap { gaps.append(gap) }
        }
        let mappings = Dictionary(grouping: capture.mappings.filter(\.isFile), by: \.identity)
        var count = 0
        for file in capture.files.prefix(Self.fileLimit) {
            let identity = MappedIdentity(file.device, file.inode)
            guard candidates[identity] == nil,
                let wanted = DebugFileRequest(
                    file, mappings: mappings[identity] ?? [], capture: capture, options: options)
            else { continue }
            var found: [DebugFileCandidate] = []
            for finder in finders { found += finder.candidates(for: wanted) }
            if found.isEmpty, wanted.isWorthFetching, let id = wanted.buildID,
                let fetched = servers?.candidate(for: id, name: MappedPath.fileName(file.path))
            {
                found.append(fetched)
            }
            count += found.count
            guard count <= Self.candidateLimit else {
                gaps.append(Gap(.furtherDebugFiles, reason: .limit))
                return
            }
            candidates[identity] = found
        }
    }

    /// Where to look, in order. What the user says comes first; then what the system installed;
    /// then what only the target vouches for.
    private mutating func finders(
        _ root: TargetRoot?, _ options: DebugFileOptions
    ) -> [DebugFileFinder] {
        var finders: [DebugFileFinder] = []
        for path in options.folders {
            do throws(SystemError) {
                finders.append(.given(try OpenFolder(path)))
            } catch {
                gaps.append(
                    Gap(.debugFolder(path), reason: .noSymbols, detail: error.words))
            }
        }
        if let folder = try? OpenFolder(DebugFileFinder.systemFolder) {
            finders.append(.system(folder))
        }
        if let root {
            finders.append(.beside(root))
            if !root.isOurs { finders.append(.targetRoot(root)) }
        }
        return finders
    }
}

/// By what the debug file of one mapped file can be found.
struct DebugFileRequest {
    /// Its build ID; nil where it has none, or where it is not known.
    var buildID: [UInt8]?
    /// What it says of its debug file.
    var link: DebugLink?
    /// Whether names are missing, or lines of Swift code.
    var isWorthFetching = true
    /// Its path as the target would write it, one for each way to read the kernel's.
    var paths: [String]

    /// nil where nothing is missing, or there is nothing to look for it by.
    init?(_ file: MappedFile, mappings: [Mapping], capture: Capture, options: DebugFileOptions) {
        // The kernel states none that leads up; the maker of a core file might.
        paths = MappedPath.names(file.path).map { capture.root?.inside($0) ?? $0 }
            .filter { !$0.split(separator: "/").contains("..") }
        let held = MemoryImage.buildID(of: mappings, in: capture.memory) ?? file.buildID
        if let descriptor = file.descriptor,
            let elf = try? ELFFile(ImageBytes(mapping: descriptor)),
            file.isCertain || (elf.buildID != nil && elf.buildID == held)
        {
            let isWhole =
                elf.hasSymbolTable && (elf.hasDebugInformation || !options.readsLines)
            guard !isWhole else { return nil }
            isWorthFetching =
                !elf.hasSymbolTable
                || elf.layout.hasSection(named: "swift5_type_metadata", in: elf.bytes)
            buildID = elf.buildID
            link = DebugLink(elf.layout, in: elf.bytes)
        } else {
            buildID = held
        }
        guard buildID != nil || link != nil else { return nil }
    }
}
