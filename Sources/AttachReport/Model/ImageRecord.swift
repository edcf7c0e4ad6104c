/// A mapped ELF file.
public struct ImageRecord: Sendable, Codable {
    /// File name without folders, unescaped.
    public var name: String
    /// Path as the kernel states it, unescaped.
    public var path: String
    /// The GNU build ID in lower-case hexadecimal; nil where it has none.
    public var buildID: String?
    /// Where the lowest mapping begins.
    public var baseAddress: Address
    /// Where the last executable mapping ends.
    public var endOfText: Address
    /// The best table of its symbols; nil where it has none.
    public var symbols: SymbolSource?
    /// The separate file with its symbols or debug information; nil for none.
    public var debugFile: DebugFileRecord?

    /// Memberwise.
    public init(
        name: String, path: String, buildID: String?, baseAddress: Address, endOfText: Address,
        symbols: SymbolSource? = nil, debugFile: DebugFileRecord? = nil
    ) {
        self.name = name
        self.path = path
        self.buildID = buildID
        self.baseAddress = baseAddress
        self.endOfText = endOfText
        self.symbols = symbols
        self.debugFile = debugFile
    }
}

/// Where the names of an image's functions come from.
public enum SymbolSource: String, Sendable, Codable {
    /// The file's own table of all symbols (`.symtab`).
    case file
    /// That of its debug file.
    case debugFile
    /// The local functions that it carries packed (`.gnu_debugdata`), and what it exports.
    case miniDebugData
    /// Only what it exports (`.dynsym`).
    case exported
}

/// A separate debug file. Its build ID is that of the image, or where neither has one, its checksum
/// is the one that the image names.
public struct DebugFileRecord: Hashable, Sendable, Codable {
    /// How it was found.
    public enum Way: String, Sendable, Codable {
        /// In a folder that the user named.
        case debugFolder
        /// Where the system installs debug files, `/usr/lib/debug`.
        case system
        /// Beside the image, by the name that it states (`.gnu_debuglink`).
        case debugLink
        /// Where the target's own root has debug files, as in a container.
        case targetRoot
        /// Fetched from a debuginfod server.
        case debuginfod
    }

    /// Its path.
    public var path: String
    /// How it was found.
    public var foundBy: Way

    /// Memberwise.
    public init(path: String, foundBy: Way) {
        self.path = path
        self.foundBy = foundBy
    }
}
