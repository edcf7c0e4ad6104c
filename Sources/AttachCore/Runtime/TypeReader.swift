/// Reads what Swift's type metadata says of a type: its size and its name.
///
/// Metadata is the target's and may lie: depth, counts and lengths are bounded.
struct TypeReader {
    /// Size and alignment of values, from the value witness table.
    struct ValueLayout: Hashable {
        /// Bytes of a value.
        var size: UInt64
        /// Alignment minus one.
        var alignmentMask: UInt64
    }

    /// Where a type is declared.
    struct Declaration: Hashable {
        /// The module; nil for a local type whose module was not reached.
        var module: String?
        /// Names from the outermost type to the type itself, joined by dots.
        var path: String
    }

    private var layouts: [UInt64: ValueLayout?] = [:]
    private var lastLayout: (metadata: UInt64, layout: ValueLayout?) = (0, nil)
    private var names: [UInt64: String?] = [:]

    private static let depthLimit = 12
    private static let argumentLimit = 24

    // MARK: Layout

    /// How values of a type lie in memory; nil where that is no metadata.
    mutating func valueLayout(_ metadata: UInt64, _ reader: inout WordReader) -> ValueLayout? {
        if metadata == lastLayout.metadata { return lastLayout.layout }
        let layout: ValueLayout?
        if let known = layouts[metadata] {
            layout = known
        } else {
            layout = Self.readLayout(metadata, &reader)
            layouts[metadata] = .some(layout)
        }
        lastLayout = (metadata, layout)
        return layout
    }

    private static func readLayout(_ metadata: UInt64, _ reader: inout WordReader) -> ValueLayout? {
        typealias Layout = MetadataLayout
        guard metadata & 7 == 0, metadata > 4096, let kind = reader.word(metadata),
            MetadataKind.isType(kind),
            let witnesses = reader.word(metadata &- Layout.witnessesBefore), witnesses & 7 == 0,
            let size = reader.word(witnesses, Layout.size),
            let stride = reader.word(witnesses, Layout.stride),
            let flags = reader.half(witnesses &+ Layout.flags)
        else { return nil }
        let mask = UInt64(flags & Layout.alignmentMask)
        guard size <= 1 << 28, stride >= size, stride <= 1 << 28, mask & (mask + 1) == 0 else {
            return nil
        }
        return ValueLayout(size: size, alignmentMask: mask)
    }

    // MARK: Names

    /// The name of the type of an object, from its first word.
    mutating func nameOfObject(_ object: UInt64, _ reader: inout WordReader) -> String? {
        guard object & 7 == 0, let isa = reader.word(object), let kind = reader.word(isa),
            MetadataKind.isClass(kind)
        else { return nil }
        return name(isa, &reader)
    }

    /// Where the class of an object is declared.
    mutating func declarationOfObject(
        _ object: UInt64, _ reader: inout WordReader
    ) -> Declaration? {
        guard object & 7 == 0, let isa = reader.word(object), let kind = reader.word(isa),
            MetadataKind.isClass(kind),
            let descriptor = reader.word(isa, MetadataLayout.classDescriptor)
        else { return nil }
        return NominalType(descriptor, &reader)?.declaration
    }

    /// The name of a type without its modules, as `String(describing:)` gives it; nil where it
    /// could not be read.
    mutating func name(_ metadata: UInt64, _ reader: inout WordReader) -> String? {
        name(metadata, &reader, depth: 0)
    }

    private mutating func name(
        _ metadata: UInt64, _ reader: inout WordReader, depth: Int
    ) -> String? {
        if let known = names[metadata] { return known }
        guard depth < Self.depthLimit, metadata > 4096, metadata & 7 == 0 else { return nil }
        let name = readName(metadata, &reader, depth: depth)
        // A name cut off by depth is wrong for whoever asks at the top.
        if depth == 0 || name != nil { names[metadata] = .some(name) }
        return name
    }

    private mutating func readName(
        _ metadata: UInt64, _ reader: inout WordReader, depth: Int
    ) -> String? {
        guard let kind = reader.word(metadata) else { return nil }
        switch kind {
        case _ where MetadataKind.isClass(kind):
            return nominalName(
                metadata, descriptorAt: MetadataLayout.classDescriptor, isClass: true, &reader,
                depth: depth)
        case MetadataKind.struct, MetadataKind.enum, MetadataKind.optional:
            return nominalName(
                metadata, descriptorAt: MetadataLayout.valueDescriptor, isClass: false, &reader,
                depth: depth)
        case MetadataKind.tuple:
            return tupleName(metadata, &reader, depth: depth)
        case MetadataKind.function:
            return functionName(metadata, &reader, depth: depth)
        case MetadataKind.existential:
            return existentialName(metadata, &reader)
        case MetadataKind.metatype:
            return reader.word(metadata, MetadataLayout.instanceType)
                .flatMap { name($0, &reader, depth: depth + 1) }.map { $0 + ".Type" }
        default:
            return nil
        }
    }

    private mutating func nominalName(
        _ metadata: UInt64, descriptorAt offset: UInt64, isClass: Bool,
        _ reader: inout WordReader, depth: Int
    ) -> String? {
        guard let descriptor = reader.word(metadata, offset), descriptor & 3 == 0,
            let type = NominalType(descriptor, &reader), type.isClass == isClass
        else { return nil }
        guard let first = type.argumentsOffset, type.parameterCount > 0,
            type.parameterCount <= Self.argumentLimit
        else { return type.declaration.path }
        var arguments: [String] = []
        for index in 0..<type.parameterCount {
            guard let argument = reader.word(metadata, first &+ UInt64(index) &* 8),
                let name = name(argument, &reader, depth: depth + 1)
            else { return type.declaration.path }
            arguments.append(name)
        }
        return type.name(arguments: arguments)
    }

    private mutating func tupleName(
        _ metadata: UInt64, _ reader: inout WordReader, depth: Int
    ) -> String? {
        guard let count = reader.word(metadata, MetadataLayout.tupleCount),
            count <= Self.argumentLimit
        else { return nil }
        var elements: [String] = []
        for index in 0..<count {
            let place = MetadataLayout.tupleElements &+ index &* MetadataLayout.tupleStride
            guard let element = reader.word(metadata, place),
                let name = name(element, &reader, depth: depth + 1)
            else { return nil }
            elements.append(name)
        }
        return "(" + elements.joined(separator: ", ") + ")"
    }

    private mutating func functionName(
        _ metadata: UInt64, _ reader: inout WordReader, depth: Int
    ) -> String? {
        typealias Layout = MetadataLayout
        guard let flags = reader.word(metadata, Layout.functionFlags),
            flags & Layout.parameterCountMask <= Self.argumentLimit,
            let result = reader.word(metadata, Layout.functionResult),
            let returned = name(result, &reader, depth: depth + 1)
        else { return nil }
        var parameters: [String] = []
        for index in 0..<(flags & Layout.parameterCountMask) {
            let place = Layout.functionParameters &+ index &* 8
            guard let parameter = reader.word(metadata, place),
                let name = name(parameter, &reader, depth: depth + 1)
            else { return nil }
            parameters.append(name)
        }
        let isThrowing = flags & Layout.isThrowing != 0
        let isAsync = flags & Layout.isAsync != 0
        return "(" + parameters.joined(separator: ", ") + ")" + (isAsync ? " async" : "")
            + (isThrowing ? " throws" : "") + " -> " + returned
    }

    private func existentialName(_ metadata: UInt64, _ reader: inout WordReader) -> String? {
        typealias Layout = MetadataLayout
        guard let flags = reader.half(metadata &+ Layout.existentialFlags),
            let count = reader.half(metadata &+ Layout.protocolCount),
            count <= Self.argumentLimit, flags & Layout.hasSuperclass == 0
        else { return nil }
        guard count > 0 else { return flags & Layout.allowsValues == 0 ? "AnyObject" : "Any" }
        var protocols: [String] = []
        for index in 0..<UInt64(count) {
            guard let word = reader.word(metadata, Layout.protocols &+ index &* 8), word & 1 == 0,
                let name = NominalType.ownName(word, &reader)
            else { return nil }
            protocols.append(name)
        }
        return "any " + protocols.joined(separator: " & ")
    }
}
