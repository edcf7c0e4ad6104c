import AttachReport

/// Says in words what holds a pointer.
struct HolderNames {
    private var reader: WordReader
    private var types = TypeReader()
    private let map: HeapMap
    private let inUse: MemoryInUse
    private let images: ImageTable
    private let mappings: [Mapping]
    private var taskAtBlock: [UInt64: UInt64] = [:]
    private var known: [UInt64: String] = [:]

    /// Kinds of metadata that have no name (include/swift/ABI/MetadataKind.def): a captured
    /// variable, the same with a generic type, an error's box.
    private static let variableKinds: Set<UInt64> = [0x400, 0x500]
    private static let errorKind: UInt64 = 0x501

    init(
        reader: WordReader, map: HeapMap, inUse: MemoryInUse, images: ImageTable,
        mappings: [Mapping], tasks: [RawTask]
    ) {
        self.reader = reader
        self.map = map
        self.inUse = inUse
        self.images = images
        self.mappings = mappings
        for task in tasks { taskAtBlock[task.record.address.value] = task.record.id }
    }

    /// Adds memory that belongs to a task.
    mutating func add(slabs: [UInt64], ofTask id: UInt64) {
        for slab in slabs { taskAtBlock[slab] = id }
    }

    /// What these places belong to, without repetition.
    mutating func names(of places: [Reachability.Place]) -> [String] {
        var names: [String] = []
        for place in places {
            let name = self.name(of: place)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    private mutating func name(of place: Reachability.Place) -> String {
        if let block = place.block {
            if let name = known[block] { return name }
            let name = nameOfBlock(block)
            known[block] = name
            return name
        }
        if place.address == 0 { return "a register, or the kernel" }
        if let thread = inUse.thread(at: place.address) {
            let stack =
                thread.registers?.threadPointer.map { place.address >= $0 &- 4096 } == true
                ? "thread-local memory" : "stack"
            return "\(stack) of thread \(thread.id) \"\(thread.name)\""
        }
        if let image = images.image(containing: Address(place.address)) {
            return "global variable in \(image.record.name)"
        }
        let mapping = mappings.last { $0.start <= place.address && place.address < $0.end }
        let name = mapping.map { $0.path.isEmpty ? "memory" : PathName.last(of: $0.path) }
        return "\(name ?? "memory") at \(Address(mapping?.start ?? place.address))"
    }

    private mutating func nameOfBlock(_ block: UInt64) -> String {
        if let task = taskAtBlock[block] { return "task \(task)'s frame" }
        if let isa = reader.word(block), let kind = reader.word(isa) {
            if Self.variableKinds.contains(kind) { return "closure context" }
            if kind == Self.errorKind { return "error" }
        }
        guard let name = types.nameOfObject(block, &reader) else {
            return "allocated memory at \(Address(block))"
        }
        for (part, word) in [
            ("ArrayStorage", "array"), ("DictionaryStorage", "dictionary"), ("SetStorage", "set"),
        ] where name.hasPrefix("_") && name.contains(part) {
            return "\(word) storage"
        }
        return "\(name) object"
    }
}

/// Reads the words of Swift strings (stdlib/public/core/StringObject.swift).
enum SwiftString {
    private static let limit: UInt64 = 1024

    /// The string whose two words lie at `address`; nil where that is no native string, or longer
    /// than a name is.
    static func read(_ address: UInt64, _ reader: inout WordReader) -> String? {
        guard let count = reader.word(address), let object = reader.word(address, 8) else {
            return nil
        }
        let discriminator = object >> 56
        if discriminator & 0xe0 == 0xe0 {
            // Up to 15 bytes in the words themselves.
            let length = Int(discriminator & 0xf)
            let bytes = (0..<16).map { index in
                UInt8(truncatingIfNeeded: (index < 8 ? count : object) >> UInt64(index % 8 * 8))
            }
            return String(decoding: bytes.prefix(length), as: UTF8.self)
        }
        // Literals and native objects: the bytes lie 32 behind what the object's word says.
        let length = count & 0x0000_ffff_ffff_ffff
        guard length > 0, length <= limit, discriminator & 0x40 == 0 else { return nil }
        let (start, overflow) = (object & 0x00ff_ffff_ffff_ffff).addingReportingOverflow(32)
        guard !overflow,
            let bytes = reader.memory.copy(Address(start), count: Int(length))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
