import AttachReport
import CLinux
import Glibc

/// Everything that can be done while the target still runs.
struct CapturePreparation: ~Copyable {
    /// The text of `maps`, to see at a glance that nothing has changed.
    var mapsText: [UInt8]
    /// Its address space.
    var mappings: [Mapping]
    /// Its threads' names and states by id, from before the stop.
    var threadStats: [Int32: ThreadStat]
    /// Files behind the mappings.
    var files: [MappedFile] = []
    /// Where their paths lead.
    var root: TargetRoot?
    /// Memory that stands for files which could not be opened, and where those bytes lie.
    var standIns: [TargetMemory.Segment] = []
    var standInArena: MemoryArena?
    /// Memory that does not change any more, read already.
    var constants: [TargetMemory.Segment] = []
    /// Where those bytes lie.
    let constantArena: MemoryArena
    /// Where the bytes go that are read in the stop.
    let arena: MemoryArena
    /// How many bytes may go there.
    let budget: Int
    /// Tells what is worth reading; nil where the kernel does not.
    var pages: ResidentPages?
    /// What could not be had.
    var gaps: [Gap] = []

    private init(
        mapsText: [UInt8], mappings: [Mapping], threadStats: [Int32: ThreadStat],
        constantArena: MemoryArena, arena: MemoryArena, budget: Int,
        pages: consuming ResidentPages?
    ) {
        self.mapsText = mapsText
        self.mappings = mappings
        self.threadStats = threadStats
        self.constantArena = constantArena
        self.arena = arena
        self.budget = budget
        self.pages = pages
    }

    /// Looks at the running process, reserves memory for what will be read, and reads what does
    /// not change any more.
    static func make(
        _ directory: borrowing ProcessDirectory, target: TargetCheck.Passed, limits: CaptureLimits
    ) throws(AttachError) -> CapturePreparation {
        let thread = target.handle
        let text = try directory.required("task/\(thread)/maps")
        let mappings = Mapping.parse(text)
        var pages = ResidentPages(directory, thread: thread)

        let writable = mappings.filter { $0.holdsState || $0.isProtected }
        let fixed = mappings.filter(\.holdsConstants)
        let all = pages?.runs(
            in: mappings.filter { $0.holdsState || $0.holdsConstants || $0.isProtected })
        let resident =
            all.map { ResidentPages.intersect($0, writable) } ?? writable.map(\.range)
        let bytes = resident.reduce(0) { $0 + $1.count }
        let budget = Int(clamping: limits.maximumBytes ?? FreeMemory.bytes() / 2)
        // Room for what it allocates until it is stopped; only reserved, so it costs nothing.
        let reserve = min(bytes + bytes / 2 + (256 << 20), max(budget, 1 << 20))
        let arena = try MemoryArena(
            capacity: reserve, prefault: min(bytes + (1 << 20), reserve), isShared: limits.isShared)

        let runs =
            (all.map { ResidentPages.intersect($0, fixed) } ?? [])
            + mappings.filter(\.isVDSO).map(\.range)
        let size = min(runs.reduce(0) { $0 + $1.count }, budget)
        let constantArena = try MemoryArena(
            capacity: size, prefault: size, isShared: limits.isShared)

        var preparation = CapturePreparation(
            mapsText: text, mappings: mappings, threadStats: stats(directory),
            constantArena: constantArena, arena: arena, budget: budget, pages: pages)
        preparation.root = TargetRoot(directory, thread: thread)
        preparation.files = MappedFiles.open(
            mappings, of: directory, thread: thread, root: preparation.root,
            gaps: &preparation.gaps)
        try preparation.readStandIns(of: thread, isShared: limits.isShared)
        var unreadable: [Range<UInt64>] = []
        constantArena.copy(
            runs[...], of: thread, isWritable: false, into: &preparation.constants,
            unreadable: &unreadable)
        return preparation
    }

    /// A page that the target has not used yet is brought in from the file by reading it, so this
    /// is only for files that cannot be read otherwise.
    private mutating func readStandIns(of thread: Int32, isShared: Bool) throws(AttachError) {
        let ranges = MappedFiles.standIns(for: files, mappings)
        guard !ranges.isEmpty else { return }
        let size = ranges.reduce(0) { $0 + $1.count }
        let arena = try MemoryArena(
            capacity: size + 16 * ranges.count, prefault: 0, isShared: isShared)
        var unreadable: [Range<UInt64>] = []
        arena.copy(
            ranges[...], of: thread, isWritable: false, into: &standIns, unreadable: &unreadable)
        standIns = standIns.map { $0.marked(isWritable: false, isCaptured: false) }
        standInArena = arena
    }

    private static func stats(_ directory: borrowing ProcessDirectory) -> [Int32: ThreadStat] {
        var stats: [Int32: ThreadStat] = [:]
        for id in (try? directory.threadIDs()) ?? [] {
            stats[id] = directory.stat(ofThread: id)
        }
        return stats
    }
}

extension Mapping {
    /// Private memory that the program writes: heap, stacks, data.
    var holdsState: Bool { isWritable && isReadable && !isShared }
    /// Private memory that was written once, by the loader, and holds from then on.
    var holdsConstants: Bool { !isWritable && isReadable && !isShared && !isSpecial }
    /// The kernel's code in every process.
    var isVDSO: Bool { path == "[vdso]" }
    /// Private memory that the program may have written and that it cannot write, or even read, at
    /// the moment. Of a file what it can read is a constant instead.
    var isProtected: Bool {
        !isShared && !isSpecial && (!isReadable || !isWritable && !isFile)
    }
    private var isSpecial: Bool { path.hasPrefix("[v") }
    /// Its addresses.
    var range: Range<UInt64> { start..<end }
}
