/// What can be told of a process without stopping it or reading its memory.
public struct ProcessListing: Sendable {
    /// Process id in the tool's pid namespace.
    public var pid: Int32
    /// Its pids in nested pid namespaces, outermost first; empty where it has none of its own.
    public var namespacePIDs: [Int32]
    /// Its `comm`, unescaped; empty where not readable.
    public var name: String
    /// The path of its executable, unescaped; nil where not readable.
    public var executable: String?
    /// How many threads it has; nil where not readable.
    public var threads: Int?
    /// What its files tell of a Swift runtime; nil where they could not be read.
    public var runtime: RuntimeRecord?
    /// Whether its executable has no symbol table; nil where that could not be read.
    public var isStripped: Bool?
    /// Mapped program files that could not be opened, unescaped.
    public var unreadFiles: [String]
    /// Why nobody like us can attach to it, in words; nil where nothing is in the way.
    public var obstacle: String?

    /// Memberwise.
    public init(
        pid: Int32, namespacePIDs: [Int32] = [], name: String, executable: String? = nil,
        threads: Int? = nil, runtime: RuntimeRecord? = nil, isStripped: Bool? = nil,
        unreadFiles: [String] = [], obstacle: String? = nil
    ) {
        self.pid = pid
        self.namespacePIDs = namespacePIDs
        self.name = name
        self.executable = executable
        self.threads = threads
        self.runtime = runtime
        self.isStripped = isStripped
        self.unreadFiles = unreadFiles
        self.obstacle = obstacle
    }
}
