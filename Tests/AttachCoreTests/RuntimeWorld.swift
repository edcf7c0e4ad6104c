import AttachReport

@testable import AttachCore

/// Memory made of literal words.
struct MemoryBuilder {
    private(set) var words: [UInt64: UInt64] = [:]
    /// Addresses where a new segment begins without a gap, as copying in pieces makes them.
    var seams: Set<UInt64> = []
    /// Where segments begin that the target cannot write.
    var constants: Set<UInt64> = []

    /// Words one after another.
    mutating func put(_ address: UInt64, _ values: UInt64...) {
        for (index, value) in values.enumerated() { words[address + UInt64(index) * 8] = value }
    }

    /// A 32-bit value in one half of a word.
    mutating func put32(_ address: UInt64, _ value: UInt32) {
        let shift = (address & 4) * 8
        let word = words[address & ~7] ?? 0
        words[address & ~7] = word & ~(0xffff_ffff << shift) | UInt64(value) << shift
    }

    /// A pointer relative to its own place.
    mutating func putRelative(_ address: UInt64, to target: UInt64) {
        put32(address, UInt32(truncatingIfNeeded: target &- address))
    }

    /// A C string.
    mutating func put(_ address: UInt64, string: String) {
        for (index, byte) in (Array(string.utf8) + [0]).enumerated() {
            let place = address + UInt64(index)
            let shift = (place & 7) * 8
            words[place & ~7] = (words[place & ~7] ?? 0) & ~(0xff << shift) | UInt64(byte) << shift
        }
    }

    /// Writable, captured memory: words side by side become one segment, and every segment is
    /// followed by a gap.
    func memory() -> TargetMemory {
        var segments: [TargetMemory.Segment] = []
        var owners: [AnyObject] = []
        var run: [UInt64] = []
        var start: UInt64 = 0
        func close() {
            guard !run.isEmpty else { return }
            let owner = WordStorage(run)
            unsafe segments.append(
                TargetMemory.Segment(
                    start: start, end: start + UInt64(run.count) * 8,
                    base: UnsafeRawPointer(owner.words.baseAddress),
                    isWritable: !constants.contains(start), isCaptured: true))
            owners.append(owner)
            run = []
        }
        for (address, word) in words.sorted(by: { $0.key < $1.key }) {
            if seams.contains(address) || address != start + UInt64(run.count) * 8 {
                close()
                start = address
            }
            run.append(word)
        }
        close()
        return TargetMemory(segments: segments, owners: owners)
    }
}

/// Keeps words at one place in our memory.
@safe private final class WordStorage {
    let words: UnsafeMutableBufferPointer<UInt64>

    init(_ values: [UInt64]) {
        unsafe words = .allocate(capacity: values.count)
        _ = unsafe words.initialize(from: values)
    }

    deinit { unsafe words.deallocate() }
}

/// A runtime with tasks, laid out word by word.
struct RuntimeWorld {
    static let code: UInt64 = 0x10_0000
    static let isa: UInt64 = 0x20_0018
    static let futureAdapter = code + 0x100
    static let waitAdapter = code + 0x200
    static let groupAdapter = code + 0x300
    static let completion = code + 0x400
    static let void: UInt64 = 0x30_0008

    var builder = MemoryBuilder()
    private(set) var addresses: [UInt64] = []
    private var free: UInt64 = 0x100_0000

    /// What a task is made of; the defaults make a plain one that waits for a continuation.
    struct Recipe {
        var status: UInt32 = 0x4015
        var flags: UInt32 = 0x0200_1500
        var references: UInt64 = 3
        var voucher: UInt64 = 0
        var basePriority: UInt64 = 0x15
        var resume: UInt64 = RuntimeWorld.code + 0x1000
        /// Resume functions of its contexts, innermost first.
        var frames: [UInt64] = [RuntimeWorld.code + 0x1000, RuntimeWorld.code + 0x2000]
        /// Kind and subject of its dependency; nil for none, the own context for subject 0.
        var dependency: (kind: UInt32, subject: UInt64, second: UInt64)? = (2, 0, 0)
        var parent: UInt64 = 0
        var nextChild: UInt64 = 0
        var group: UInt64 = 0
        var waitQueue: UInt64 = 0
        var error: UInt64 = 0
        var entry: UInt64 = RuntimeWorld.code + 0x3000
        var closure: UInt64 = 0
        /// Status records outside of the dependency, innermost first: kind and payload.
        var records: [(kind: UInt64, payload: [UInt64])] = []
        var name: String?
    }

    /// Where the parts of a task came to lie.
    struct Parts {
        var task: UInt64
        var root: UInt64
        var contexts: [UInt64]
        var records: [UInt64]
        var dependency: UInt64
    }

    init() {
        // The metadata of (): no elements, no size.
        builder.put(Self.void - 8, 0x30_0100, 0x301, 0)
        builder.put(0x30_0100 + 64, 0, 1, 0)
        builder.put(Self.isa, 0x502)
    }

    /// Room for `size` bytes, with a gap behind them.
    mutating func room(_ size: UInt64) -> UInt64 {
        let place = free
        free += (size + 64 + 15) & ~15
        return place
    }

    /// A task; its id is its number, from 1.
    @discardableResult
    mutating func task(_ recipe: Recipe = Recipe(), _ layout: RuntimeLayout = .swift6_1) -> Parts {
        var recipe = recipe
        let task = room(640)
        addresses.append(task)
        let id = UInt64(addresses.count)
        for offset in stride(from: UInt64(0), to: 512, by: 8) { builder.put(task + offset, 0) }
        builder.put(task, Self.isa, recipe.references)
        builder.put32(task + 32, recipe.flags)
        builder.put32(task + 36, UInt32(id))
        builder.put(task + 40, recipe.voucher)
        builder.put(task + 56, recipe.resume)
        builder.put32(task + 96, recipe.status)
        builder.put(task + 152, recipe.basePriority)
        var fragment = task + layout.taskSize
        if recipe.name != nil { builder.put32(task + 32, recipe.flags | 1 << 30) }
        if layout.nameFragmentSize > 0, let name = recipe.name {
            builder.put(fragment, text(name), UInt64(name.utf8.count))
            fragment += layout.nameFragmentSize
            recipe.name = nil
        }
        if recipe.flags & 1 << 24 != 0 {
            builder.put(fragment, recipe.parent, recipe.nextChild)
            fragment += layout.childFragmentSize
        }
        if recipe.flags & 1 << 26 != 0 {
            builder.put(fragment, recipe.group)
            fragment += 8
        }
        builder.put(fragment, recipe.waitQueue, Self.void, recipe.error)
        let root = (fragment + 24 + 32 + 15) & ~15
        builder.put(root - 24, recipe.entry, recipe.closure, 0, 0, Self.completion)
        var contexts: [UInt64] = []
        var outer = root
        for frame in recipe.frames.reversed() {
            let context = room(48) + 16
            // In front of it the header of the task's allocator: the previous one, the slab.
            builder.put(context - 16, contexts.last.map { $0 - 16 } ?? 0, 0)
            builder.put(context, outer, frame, 0, 0)
            contexts.append(context)
            outer = context
        }
        builder.put(task + 112, contexts.last.map { $0 - 16 } ?? 0)
        contexts.reverse()
        builder.put(task + 64, outer)
        var parts = Parts(
            task: task, root: root, contexts: contexts, records: [], dependency: 0)
        addRecords(recipe, layout, &parts)
        return parts
    }

    /// Where a C string came to lie.
    private mutating func text(_ string: String) -> UInt64 {
        let place = room(UInt64(string.utf8.count) + 8)
        builder.put(place, string: string)
        return place
    }

    private mutating func addRecords(
        _ recipe: Recipe, _ layout: RuntimeLayout, _ parts: inout Parts
    ) {
        var records = recipe.records
        if let name = recipe.name { records.append((6, [text(name)])) }
        var outer: UInt64 = 0
        for record in records.reversed() {
            let place = room(64)
            builder.put(place, record.kind, outer)
            for (index, word) in record.payload.enumerated() {
                builder.put(place + 16 + UInt64(index) * 8, word)
            }
            parts.records.insert(place, at: 0)
            outer = place
        }
        if let dependency = recipe.dependency {
            let place = room(64)
            let subject =
                dependency.subject == 0 && dependency.kind == 2
                ? parts.contexts.first ?? parts.root : dependency.subject
            builder.put(
                place, 0, outer, subject, dependency.second, UInt64(dependency.kind),
                layout.dependencyTask != nil ? parts.task : 0)
            builder.put(parts.task + 160, place)
            parts.dependency = place
            outer = place
        }
        builder.put(parts.task + 104, outer)
    }

    static var location: RuntimeLocation {
        var location = RuntimeLocation(
            taskISA: isa, jobISA: 0, layoutVersion: 1, taskSize: 208, speaks: true,
            linkage: .dynamic, text: [code..<code + 0x800])
        location.startAdapters = [futureAdapter]
        location.waitAdapters = [waitAdapter]
        return location
    }

    static let ranges = CodeRanges(ranges: [code..<code + 0x10_0000])

    /// What the room reads from it.
    func state(
        _ location: RuntimeLocation = location, threads: [CapturedThread] = [],
        stacks: [Int32: NativeStack] = [:]
    ) -> RuntimeState {
        let target = Self.target(builder.memory(), threads: threads)
        var reader = RuntimeReader(target, stacks: stacks)
        return reader.read([location], RuntimeSymbols(target.images))
    }

    /// A process with this memory and no files.
    static func target(_ memory: TargetMemory, threads: [CapturedThread] = []) -> Target {
        let capture = Capture(
            architecture: .x86_64, process: ProcessRecord(pid: 1, name: "", arguments: []),
            record: CaptureRecord(timeNanoseconds: 0, pauseNanoseconds: 0, bytes: 0),
            mappings: [], threads: threads, memory: memory, files: [], gaps: [])
        return Target(
            capture, images: ImageTable(capture: capture), memory: memory, code: ranges)
    }
}
