import AttachReport

/// Finds out what it is that refers to something.
struct HolderReader {
    private var reader: WordReader
    private var types = TypeReader()
    private let map: HeapMap
    private let inUse: MemoryInUse
    private let images: ImageTable
    private let mappings: [Mapping]
    /// Bytes below a thread pointer that are the thread's variables, or its own block.
    private let threadLocalRoom: UInt64
    private var taskAtBlock: [UInt64: UInt64] = [:]
    private var known: [UInt64: Holder] = [:]

    init(
        architecture: Architecture, reader: WordReader, map: HeapMap, inUse: MemoryInUse,
        images: ImageTable,
        mappings: [Mapping], tasks: [RawTask]
    ) {
        self.reader = reader
        self.map = map
        self.inUse = inUse
        self.images = images
        self.mappings = mappings
        threadLocalRoom = Self.room(architecture, images)
        for task in tasks { taskAtBlock[task.record.address.value] = task.record.id }
    }

    /// The stack of a thread ends right below its variables. On x86-64 those of all that was
    /// loaded at the start lie below the thread pointer (its psABI, variant II of TLS); on AArch64
    /// they lie above it, and below it lies the C library's block, of less than a page.
    private static func room(_ architecture: Architecture, _ images: ImageTable) -> UInt64 {
        guard architecture == .x86_64 else { return 4096 }
        let templates = images.images.compactMap(\.threadLocalTemplate)
        return templates.reduce(0) { room, template in
            let size = template.size &+ template.alignment &- 1
            return min(room &+ min(size, 1 << 20), 1 << 24)
        }
    }

    /// Adds memory that belongs to a task.
    mutating func add(slabs: [UInt64], ofTask id: UInt64) {
        for slab in slabs { taskAtBlock[slab] = id }
    }

    /// What these places belong to, without repetition.
    mutating func holders(at places: [Reachability.Place]) -> [Holder] {
        var holders: [Holder] = []
        for place in places {
            let holder = self.holder(at: place)
            if !holders.contains(holder) { holders.append(holder) }
        }
        return holders
    }

    private mutating func holder(at place: Reachability.Place) -> Holder {
        if let block = place.block {
            if let holder = known[block] { return holder }
            let holder = holder(inBlock: block)
            known[block] = holder
            return holder
        }
        if place.address == 0 { return place.thread.map { .register(thread: $0) } ?? .kernel }
        if let thread = inUse.thread(at: place.address) {
            let start = thread.registers?.threadPointer.map { $0 &- threadLocalRoom }
            return start.map { place.address >= $0 } == true
                ? .threadLocal(thread: thread.id) : .stack(thread: thread.id)
        }
        if let image = images.image(containing: Address(place.address)) {
            return .global(image: image.record.name)
        }
        let mapping = mappings.last { $0.start <= place.address && place.address < $0.end }
        let file = mapping.flatMap { $0.path.isEmpty ? nil : PathName.last(of: $0.path) }
        return .mapping(Address(mapping?.start ?? place.address), file: file)
    }

    private mutating func holder(inBlock block: UInt64) -> Holder {
        if let task = taskAtBlock[block] { return .frame(task: task) }
        if let isa = reader.word(block), let kind = reader.word(isa) {
            if kind == MetadataKind.variable || kind == MetadataKind.genericVariable {
                return .closureContext
            }
            if kind == MetadataKind.error { return .error }
        }
        guard let name = types.nameOfObject(block, &reader) else {
            return .allocation(Address(block))
        }
        let storages: [(String, Holder.Collection)] = [
            ("ArrayStorage", .array), ("DictionaryStorage", .dictionary), ("SetStorage", .set),
        ]
        for (part, collection) in storages where name.hasPrefix("_") && name.contains(part) {
            return .storage(collection)
        }
        return .object(type: name)
    }
}
