/// Kinds of metadata (include/swift/ABI/MetadataKind.def).
enum MetadataKind {
    static let `class`: UInt64 = 0
    static let `struct`: UInt64 = 0x200
    static let `enum`: UInt64 = 0x201
    static let optional: UInt64 = 0x202
    static let tuple: UInt64 = 0x301
    static let function: UInt64 = 0x302
    static let existential: UInt64 = 0x303
    static let metatype: UInt64 = 0x304
    /// Of a captured variable, the same with a generic type, an error's box.
    static let variable: UInt64 = 0x400
    static let genericVariable: UInt64 = 0x500
    static let error: UInt64 = 0x501
    /// Of tasks, and of jobs that are none.
    static let task: UInt64 = 0x502
    static let job: UInt64 = 0x503
    /// `LastEnumerated`: what is larger is the address of a class's metaclass.
    static let last: UInt64 = 0x7ff

    /// Whether this is a class, with which alone objects of a program's own begin.
    @inline(__always)
    static func isClass(_ kind: UInt64) -> Bool { kind == `class` || kind > last }

    /// Whether values of such a type are described by a value witness table.
    static func isType(_ kind: UInt64) -> Bool {
        isClass(kind) || (0x200...0x20f).contains(kind) || (0x300...0x30f).contains(kind)
    }
}

/// Metadata of types (include/swift/ABI/Metadata.h), the same in every runtime with a stable ABI.
enum MetadataLayout {
    /// Before the address of metadata: the value witness table.
    static let witnessesBefore: UInt64 = 8
    /// `TargetHeapMetadataHeaderPrefix`: before the address of a heap object's, its destructor.
    static let destructorBefore: UInt64 = 16
    /// Of the value witness table (`ValueWitness.def`): size, stride, flags with the alignment.
    static let size: UInt64 = 64
    static let stride: UInt64 = 72
    static let flags: UInt64 = 80
    static let alignmentMask: UInt32 = 0xff

    /// `TargetClassMetadata` without Objective-C.
    static let superclass: UInt64 = 8
    static let instanceSize: UInt64 = 24
    static let classDescriptor: UInt64 = 40
    /// `TargetValueMetadata`: the descriptor; the generic arguments follow.
    static let valueDescriptor: UInt64 = 8
    static let valueArguments: UInt64 = 16

    /// `TargetTupleTypeMetadata`: how many, and the first of {type, offset} each.
    static let tupleCount: UInt64 = 8
    static let tupleElements: UInt64 = 24
    static let tupleStride: UInt64 = 16
    /// `TargetFunctionTypeMetadata`: flags, of which the low half is the number of parameters;
    /// result; parameters.
    static let functionFlags: UInt64 = 8
    static let functionResult: UInt64 = 16
    static let functionParameters: UInt64 = 24
    static let parameterCountMask: UInt64 = 0xffff
    static let isThrowing: UInt64 = 0x0100_0000
    static let isAsync: UInt64 = 0x2000_0000
    /// `TargetExistentialTypeMetadata`: flags, number of protocols, and these.
    static let existentialFlags: UInt64 = 8
    static let protocolCount: UInt64 = 12
    static let protocols: UInt64 = 16
    static let hasSuperclass: UInt32 = 0x4000_0000
    /// Clear where only classes may conform.
    static let allowsValues: UInt32 = 0x8000_0000
    /// `TargetMetatypeMetadata`.
    static let instanceType: UInt64 = 8

    /// From the full metadata of jobs to that of tasks: seven words each (Task.cpp).
    static let jobToTask: UInt64 = 56
}

/// Context descriptors (`TargetContextDescriptor` and what derives from it,
/// include/swift/ABI/Metadata.h). Links are relative to their own place.
enum DescriptorLayout {
    static let flags: UInt64 = 0
    static let parent: UInt64 = 4
    static let name: UInt64 = 8
    /// `FieldDescriptor` of a type.
    static let fields: UInt64 = 16
    /// `TargetClassDescriptor`: words of metadata in all, and of its own.
    static let metadataWords: UInt64 = 28
    static let ownWords: UInt64 = 32
    /// The generic header, of a class and of a value; in it the number of parameters, 16 bits.
    static let classGenerics: UInt64 = 44
    static let valueGenerics: UInt64 = 28
    static let parameterCount: UInt64 = 8
    /// `TargetEnumDescriptor`: cases with payloads (24 bits), and without.
    static let payloadCases: UInt64 = 20
    static let payloadCasesMask: UInt32 = 0xff_ffff
    static let emptyCases: UInt64 = 24

    /// `ContextDescriptorFlags` (include/swift/ABI/MetadataValues.h).
    static let kindMask: UInt32 = 0x1f
    static let isGeneric: UInt32 = 0x80
    /// Of a class, in the upper half (`TypeContextDescriptorFlags`): members at negative offsets,
    /// superclass of unknown size; an actor; with the runtime's own storage.
    static let hasUnknownSize: UInt32 = 0x3000_0000
    static let isActor: UInt32 = 1 << 23
    static let isDefaultActor: UInt32 = 1 << 24

    /// `ContextDescriptorKind`.
    enum Kind: UInt32 {
        case module = 0
        case `extension` = 1
        case anonymous = 2
        case `protocol` = 3
        case `class` = 16
        case `struct` = 17
        case `enum` = 18
    }
}

/// `FieldDescriptor` (include/swift/RemoteInspection/Records.h): two names, kind and record size,
/// count, and then the records of three relative words, of which the last leads to the name.
enum FieldsLayout {
    static let kind: UInt64 = 8
    static let count: UInt64 = 12
    static let records: UInt64 = 16
    static let recordSize: UInt64 = 12
    static let name: UInt64 = 8
    /// `FieldDescriptorKind::Enum`.
    static let enumKind: UInt16 = 2
}

/// A thrown error as the runtime boxes it on systems without Objective-C (`SwiftError`,
/// stdlib/public/runtime/ErrorObject.h).
enum ErrorLayout {
    /// Metadata of the error's type.
    static let type: UInt64 = 16
    /// Behind the header, the type and the witness table; aligned for the value.
    static let value: UInt64 = 32
}
