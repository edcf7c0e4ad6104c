/// What a program file tells of a Swift runtime in it, without a process that runs it.
struct RuntimeTraces: Sendable {
    /// Whether it holds code that the Swift compiler made.
    private(set) var hasSwiftCode: Bool
    /// Whether it holds a concurrency runtime.
    private(set) var hasRuntime = false
    /// Whether it has a table of all its symbols.
    let hasSymbolTable: Bool
    /// `internal_layout_version` without its top byte.
    private(set) var layoutVersion: UInt32?
    /// The Swift versions that the runtime may be of; nil where that cannot be told.
    private(set) var versions: String?

    /// Bytes of data segments that are searched in a file; those of real programs have a tenth.
    private static let searchLimit: UInt64 = 64 << 20
    /// Symbols that are looked through; a large program has a million.
    private static let symbolLimit = 8 << 20

    /// Looks into a file.
    ///
    /// - Parameter room: bytes of data segments that may still be searched, in this and other
    ///   files; what was searched is taken off.
    init(_ file: ELFFile, room: inout UInt64) {
        // Every image with Swift code has these sections, empty ones included
        // (stdlib/public/runtime/SwiftRT-ELF-WASM.cpp); the runtime is none without them.
        hasSwiftCode = file.layout.section(named: "swift5_protocols", in: file.bytes) != nil
        hasSymbolTable = SymbolTable(ELFLayout.Section.symbolTable, of: file) != nil
        guard hasSwiftCode || !file.layout.hasSectionNames else { return }
        // A large program has a million symbols, and hardly any program has the runtime in it.
        let holdsMetadata = Self.holdsMetadata(file, room: &room)
        guard holdsMetadata || Self.mayExportRuntime(file) else { return }
        readSymbols(file)
        if holdsMetadata { hasRuntime = true }
        if hasRuntime { hasSwiftCode = true }
    }

    private static func mayExportRuntime(_ file: ELFFile) -> Bool {
        SymbolHash(of: file)?.candidates(for: metadataVariable).isEmpty == false
    }

    private static let metadataVariable = RuntimeLocator.prefix + "asyncTaskMetadata"

    /// What the runtime exports for debuggers, as the file has it before anything is run.
    private mutating func readSymbols(_ file: ELFFile) {
        guard SymbolTable.tables(of: file).allSatisfy({ $0.count <= Self.symbolLimit }) else {
            return
        }
        let found = NameSearch(RuntimeLocator.symbolNames).find(in: file)
        func place(_ name: String) -> UInt64? {
            found[RuntimeLocator.prefix + name].flatMap { $0.count == 1 ? $0.first : nil }
                .flatMap(file.layout.offset(ofDataAt:))
        }
        guard found[Self.metadataVariable] != nil else { return }
        hasRuntime = true
        layoutVersion = place("internal_layout_version")
            .flatMap { file.bytes.load($0, as: UInt32.self) }.map { $0 & 0x00ff_ffff }
        let size = place("asyncTaskSize").flatMap { file.bytes.load($0, as: UInt64.self) }
        let layouts = Set(
            RuntimeLayout.candidates(
                version: layoutVersion, size: size, speaks: true,
                hasTaskExecutors: found[RuntimeLocator.taskExecutorFunction] != nil
            ).map(\.versions))
        if layouts.count == 1 { versions = layouts.first }
    }

    /// The kinds of the two heap objects of the runtime stand where no loader changes them; they
    /// survive stripping.
    private static func holdsMetadata(_ file: ELFFile, room: inout UInt64) -> Bool {
        var left = min(searchLimit, room)
        let start = left
        defer { room -= start - left }
        for segment in file.layout.segments
        where segment.type == ELFLayout.Segment.load && segment.isWritable {
            guard segment.offset <= file.bytes.count else { continue }
            let size = min(segment.fileSize, left, file.bytes.count - segment.offset)
            left -= size
            // Within the file, which no sum of these leaves.
            let end = segment.offset + size
            var place = (segment.offset + MetadataLayout.jobToTask + 7) & ~7
            while place < end, let word: UInt64 = file.bytes.load(place) {
                if word == MetadataKind.task,
                    file.bytes.load(place - MetadataLayout.jobToTask) == MetadataKind.job
                {
                    return true
                }
                place += 8
            }
        }
        return false
    }
}
