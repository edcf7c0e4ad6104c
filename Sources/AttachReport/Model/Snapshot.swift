/// What one stopped process looked like: names, no bytes.
public struct Snapshot: Sendable, Codable {
    /// Who it was.
    public var process: ProcessRecord
    /// How and when the picture was taken.
    public var capture: CaptureRecord
    /// What is known of its Swift runtime.
    public var runtime: RuntimeRecord
    /// Every thread, by id.
    public var threads: [ThreadRecord]
    /// Every task, by id.
    public var tasks: [TaskRecord]
    /// Every task group, by address.
    public var groups: [GroupRecord]
    /// The actors and executors that somebody runs on or queues for, and those that are idle.
    public var actors: [ActorRecord]
    /// Every mapped ELF file, by address.
    public var images: [ImageRecord]
    /// How complete the picture is.
    public var coverage: Coverage
    /// What a second look found unmoved; nil where there was none.
    public var stillness: Stillness?

    /// Memberwise.
    public init(
        process: ProcessRecord, capture: CaptureRecord, runtime: RuntimeRecord,
        threads: [ThreadRecord] = [], tasks: [TaskRecord] = [], groups: [GroupRecord] = [],
        actors: [ActorRecord] = [], images: [ImageRecord] = [], coverage: Coverage = Coverage(),
        stillness: Stillness? = nil
    ) {
        self.process = process
        self.capture = capture
        self.runtime = runtime
        self.threads = threads
        self.tasks = tasks
        self.groups = groups
        self.actors = actors
        self.images = images
        self.coverage = coverage
        self.stillness = stillness
    }
}

/// Who the target was.
public struct ProcessRecord: Sendable, Codable {
    /// Process id in the tool's pid namespace.
    public var pid: Int32
    /// Its `comm`, unescaped.
    public var name: String
    /// The path of its executable; nil where not readable.
    public var executable: String?
    /// Its arguments, the program included; unescaped.
    public var arguments: [String]
    /// When it started, in seconds since 1970; nil where not readable.
    public var startTime: Double?
    /// Its pids in nested pid namespaces, outermost first; empty where it has none of its own.
    public var namespacePIDs: [Int32]

    /// Memberwise.
    public init(
        pid: Int32, name: String, executable: String? = nil, arguments: [String] = [],
        startTime: Double? = nil, namespacePIDs: [Int32] = []
    ) {
        self.pid = pid
        self.name = name
        self.executable = executable
        self.arguments = arguments
        self.startTime = startTime
        self.namespacePIDs = namespacePIDs
    }
}

/// How and when the picture was taken.
public struct CaptureRecord: Sendable, Codable {
    /// What the picture was taken of.
    public enum Source: String, Sendable, Codable {
        /// A running process.
        case live
        /// A core file.
        case core
    }

    /// What the picture was taken of.
    public var source: Source
    /// Wall-clock time of the stop, in nanoseconds since 1970.
    public var timeNanoseconds: Int64
    /// How long the threads were stopped, from the first interrupt to the last release;
    /// 0 for a core file.
    public var pauseNanoseconds: Int64
    /// How many bytes of the target's memory were read while it was stopped.
    public var bytes: UInt64
    /// Whether job control had the process stopped already (and it was left so).
    public var wasJobStopped: Bool

    /// Memberwise.
    public init(
        timeNanoseconds: Int64, pauseNanoseconds: Int64, bytes: UInt64, wasJobStopped: Bool = false,
        source: Source = .live
    ) {
        self.source = source
        self.timeNanoseconds = timeNanoseconds
        self.pauseNanoseconds = pauseNanoseconds
        self.bytes = bytes
        self.wasJobStopped = wasJobStopped
    }
}

/// What is known of the target's Swift concurrency runtime.
public struct RuntimeRecord: Sendable, Codable {
    /// How the runtime is linked into the target.
    public enum Linkage: String, Sendable, Codable {
        /// `libswift_Concurrency.so`.
        case dynamic
        /// Inside the executable or another library.
        case `static`
    }

    /// Whether the process carries a Swift concurrency runtime at all.
    public var isPresent: Bool
    /// Whether it carries any Swift code.
    public var hasSwift: Bool
    /// How it is linked.
    public var linkage: Linkage?
    /// The range of Swift versions whose layout it has, e.g. `6.1-6.3`; nil where not known.
    public var layout: String?
    /// `_swift_concurrency_debug_internal_layout_version` without its top byte; nil where absent.
    public var layoutVersion: UInt32?

    /// Memberwise.
    public init(
        isPresent: Bool, hasSwift: Bool, linkage: Linkage? = nil, layout: String? = nil,
        layoutVersion: UInt32? = nil
    ) {
        self.isPresent = isPresent
        self.hasSwift = hasSwift
        self.linkage = linkage
        self.layout = layout
        self.layoutVersion = layoutVersion
    }
}

/// How complete a snapshot is.
public struct Coverage: Sendable, Codable {
    /// Tasks shown.
    public var tasksFound: Int
    /// Tasks that the runtime makes for its own use (`Task.sleep`), counted and not shown.
    public var helpersFolded: Int
    /// Places that looked like a task and were not one.
    public var rejected: Int
    /// Bytes of memory that were searched for tasks.
    public var bytesSearched: UInt64
    /// What could not be read, and why.
    public var gaps: [Gap]

    /// Memberwise.
    public init(
        tasksFound: Int = 0, helpersFolded: Int = 0, rejected: Int = 0, bytesSearched: UInt64 = 0,
        gaps: [Gap] = []
    ) {
        self.tasksFound = tasksFound
        self.helpersFolded = helpersFolded
        self.rejected = rejected
        self.bytesSearched = bytesSearched
        self.gaps = gaps
    }
}
