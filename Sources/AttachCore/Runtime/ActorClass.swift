import AttachReport

/// A class that is declared as an actor, as its metadata says (include/swift/ABI/Metadata.h,
/// `TargetClassMetadata` without Objective-C and `TargetClassDescriptor`).
struct ActorClass {
    /// Whether its objects have the runtime's own storage, `DefaultActor`.
    let isDefault: Bool
    /// Where it is declared.
    let declaration: TypeReader.Declaration

    private static let instanceSize: UInt64 = 24
    private static let descriptor: UInt64 = 40
    private static let contextKind: UInt32 = 0x1f
    private static let classKind: UInt32 = 16
    /// `Class_IsActor` and `Class_IsDefaultActor` of the descriptor's own flags, which are the
    /// upper half (include/swift/ABI/MetadataValues.h, `TypeContextDescriptorFlags`).
    private static let isActorFlag: UInt32 = 1 << 23
    private static let isDefaultFlag: UInt32 = 1 << 24
    /// A header and the twelve words of `DefaultActor`.
    private static let smallestDefault: UInt32 = 112
    private static let largest: UInt32 = 1 << 28

    /// Reads the class whose metadata lies at `isa`; nil where that is no actor class.
    ///
    /// Everything that looks like an object comes here, so that most must fail at the first words.
    init?(_ isa: UInt64, _ reader: inout WordReader) {
        guard isa & 7 == 0, isa > 4096, reader.word(isa) == 0,
            let descriptor = reader.word(isa, Self.descriptor), descriptor & 3 == 0,
            descriptor > 4096, let flags = reader.half(descriptor),
            flags & Self.contextKind == Self.classKind, flags & Self.isActorFlag != 0,
            let size = reader.half(isa &+ Self.instanceSize), size >= 16, size <= Self.largest,
            let witnesses = reader.word(isa &- 8), witnesses & 7 == 0,
            reader.word(witnesses) != nil
        else { return nil }
        isDefault = flags & Self.isDefaultFlag != 0
        guard !isDefault || size >= Self.smallestDefault,
            let type = NominalType(descriptor, &reader), type.isClass
        else { return nil }
        declaration = type.declaration
    }

    /// Whether it is `MainActor`, whose one object is a name for the main queue.
    var isMainActor: Bool {
        declaration.path == "MainActor" && declaration.isOfStandardLibrary
    }
}

extension TypeReader.Declaration {
    /// The concurrency library gives its types the module name of the standard library.
    var isOfStandardLibrary: Bool { ["Swift", "_Concurrency"].contains(module) }
}
