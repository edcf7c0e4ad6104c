import AttachReport

/// A class that is declared as an actor, as its metadata says (include/swift/ABI/Metadata.h,
/// `TargetClassMetadata` without Objective-C and `TargetClassDescriptor`).
struct ActorClass {
    /// Whether its objects have the runtime's own storage, `DefaultActor`.
    let isDefault: Bool
    /// Where it is declared.
    let declaration: TypeReader.Declaration

    private static let largest: UInt32 = 1 << 28

    /// Reads the class whose metadata lies at `isa`; nil where that is no actor class.
    ///
    /// Everything that looks like an object comes here, so that most must fail at the first words.
    init?(_ isa: UInt64, _ reader: inout WordReader) {
        typealias Descriptor = DescriptorLayout
        guard isa & 7 == 0, isa > 4096, reader.word(isa) == MetadataKind.class,
            let descriptor = reader.word(isa, MetadataLayout.classDescriptor),
            descriptor & 3 == 0, descriptor > 4096, let flags = reader.half(descriptor),
            flags & Descriptor.kindMask == Descriptor.Kind.class.rawValue,
            flags & Descriptor.isActor != 0,
            let size = reader.half(isa &+ MetadataLayout.instanceSize),
            size >= ObjectLayout.firstField, size <= Self.largest,
            let witnesses = reader.word(isa &- MetadataLayout.witnessesBefore),
            witnesses & 7 == 0,
            reader.word(witnesses) != nil
        else { return nil }
        isDefault = flags & Descriptor.isDefaultActor != 0
        guard !isDefault || size >= DefaultActorLayout.smallest,
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
