/// Reads what Swift's type metadata says of a type: its size and its name.
///
/// Layouts are those of include/swift/ABI/Metadata.h; they are the same in every runtime with a
/// stable ABI. Metadata is the target's and may lie: depth, counts and lengths are bounded.
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
        guard metadata & 7 == 0, metadata > 4096, let kind = reader.word(metadata),
            isTypeKind(kind), let witnesses = reader.word(metadata &- 8), witnesses & 7 == 0,
            let size = reader.word(witnesses, 64), let stride = reader.word(witnesses, 72),
            let flags = reader.half(witnesses &+ 80)
        else { return nil }
        let mask = UInt64(flags & 0xff)
        guard size <= 1 << 28, stride >= size, stride <= 1 << 28, mask & (mask + 1) == 0 else {
            return nil
        }
        return ValueLayout(size: size, alignmentMask: mask)
    }

    private static func isTypeKind(_ kind: UInt64) -> Bool {
        kind == 0 || kind > 0x7ff || (0x200...0x20f).contains(kind)
            || (0x300...0x30f).contains(kind)
    }

    // MARK: Names

    /// The name of the type of an object, from its first word.
    mutating func nameOfObject(_ object: UInt64, _ reader: inout WordReader) -> String? {
        guard object & 7 == 0, let isa = reader.word(object), let kind = reader.word(isa),
            kind == 0 || kind > 0x7ff
        else { return nil }
        return name(isa, &reader)
    }

    /// Where the class of an object is declared.
    mutating func declarationOfObject(
        _ object: UInt64, _ reader: inout WordReader
    ) -> Declaration? {
        guard object & 7 == 0, let isa = reader.word(object), let kind = reader.word(isa),
            kind == 0 || kind > 0x7ff, let descriptor = reader.word(isa, 40)
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
        case 0, 0x800...:
            return nominalName(metadata, descriptorAt: 40, isClass: true, &reader, depth: depth)
        case 0x200, 0x201, 0x202:
            return nominalName(metadata, descriptorAt: 8, isClass: false, &reader, depth: depth)
        case 0x301:
            return tupleName(metadata, &reader, depth: depth)
        case 0x302:
            return functionName(metadata, &reader, depth: depth)
        case 0x303:
            return existentialName(metadata, &reader)
        case 0x304:
            return reader.word(metadata, 8).flatMap { name($0, &reader, depth: depth + 1) }
                .map { $0 + ".Type" }
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
        guard let count = reader.word(metadata, 8), count <= Self.argumentLimit else { return nil }
        var elements: [String] = []
        for index in 0..<count {
            guard let element = reader.word(metadata, 24 &+ index &* 16),
                let name = name(element, &reader, depth: depth + 1)
            else { return nil }
            elements.append(name)
        }
        return "(" + elements.joined(separator: ", ") + ")"
    }

    private mutating func functionName(
        _ metadata: UInt64, _ reader: inout WordReader, depth: Int
    ) -> String? {
        guard let flags = reader.word(metadata, 8), flags & 0xffff <= Self.argumentLimit,
            let result = reader.word(metadata, 16),
            let returned = name(result, &reader, depth: depth + 1)
        else { return nil }
        var parameters: [String] = []
        for index in 0..<(flags & 0xffff) {
            guard let parameter = reader.word(metadata, 24 &+ index &* 8),
                let name = name(parameter, &reader, depth: depth + 1)
            else { return nil }
            parameters.append(name)
        }
        let isThrowing = flags & 0x0100_0000 != 0
        let isAsync = flags & 0x2000_0000 != 0
        return "(" + parameters.joined(separator: ", ") + ")" + (isAsync ? " async" : "")
            + (isThrowing ? " throws" : "") + " -> " + returned
    }

    private func existentialName(_ metadata: UInt64, _ reader: inout WordReader) -> String? {
        guard let flags = reader.half(metadata &+ 8), let count = reader.half(metadata &+ 12),
            count <= Self.argumentLimit, flags & 0x4000_0000 == 0
        else { return nil }
        // Bit 31 is clear where only classes may conform.
        guard count > 0 else { return flags & 0x8000_0000 == 0 ? "AnyObject" : "Any" }
        var protocols: [String] = []
        for index in 0..<UInt64(count) {
            guard let word = reader.word(metadata, 16 &+ index &* 8), word & 1 == 0,
                let name = NominalType.ownName(word, &reader)
            else { return nil }
            protocols.append(name)
        }
        return "any " + protocols.joined(separator: " & ")
    }
}
