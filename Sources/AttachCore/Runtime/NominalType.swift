import AttachReport

/// A class, struct or enum as its context descriptor declares it (`DescriptorLayout`).
struct NominalType {
    /// Where it is declared.
    let declaration: TypeReader.Declaration
    /// Whether it is a class.
    let isClass: Bool
    /// How many generic parameters it has, those of its parents included.
    let parameterCount: Int
    /// Bytes from metadata to the first generic argument; nil where that cannot be known.
    let argumentsOffset: UInt64?
    /// Each name of the path, outermost first, with how many parameters there are down to it.
    private let parts: [(name: String, parameters: Int)]

    private typealias Layout = DescriptorLayout
    private typealias Kind = DescriptorLayout.Kind

    private static let nestingLimit = 16
    private static let nameLimit = 512

    /// Reads a type's descriptor and those around it; nil where that is none.
    init?(_ descriptor: UInt64, _ reader: inout WordReader) {
        guard let flags = reader.half(descriptor),
            let kind = Kind(rawValue: flags & Layout.kindMask),
            kind == .class || kind == .struct || kind == .enum
        else { return nil }
        isClass = kind == .class
        var module: String?
        var reversed: [(name: String, parameters: Int)] = []
        var walk = BoundedWalk(limit: Self.nestingLimit)
        var context = descriptor
        climb: while true {
            guard walk.step(to: context) == nil, let flags = reader.half(context),
                let kind = Kind(rawValue: flags & Layout.kindMask)
            else { break }
            switch kind {
            case .module:
                module = Self.ownName(context, &reader)
                break climb
            case .class, .struct, .enum, .protocol:
                guard let name = Self.ownName(context, &reader) else { return nil }
                let count = Self.parameters(context, flags, kind, &reader)
                reversed.append((name, count))
            case .extension, .anonymous:
                break
            }
            guard let parent = Self.parent(of: context, &reader) else { break }
            context = parent
        }
        guard !reversed.isEmpty else { return nil }
        parts = reversed.reversed()
        declaration = TypeReader.Declaration(
            module: module, path: parts.map(\.name).joined(separator: "."))
        parameterCount = parts.last?.parameters ?? 0
        argumentsOffset = Self.argumentsOffset(descriptor, flags, kind, &reader)
    }

    /// The path with generic arguments where they were declared.
    func name(arguments: [String]) -> String {
        var used = 0
        return parts.map { part in
            guard part.parameters > used, part.parameters <= arguments.count else {
                return part.name
            }
            let own = arguments[used..<part.parameters]
            used = part.parameters
            return part.name + "<" + own.joined(separator: ", ") + ">"
        }.joined(separator: ".")
    }

    /// The name that a module, type or protocol descriptor carries.
    static func ownName(_ descriptor: UInt64, _ reader: inout WordReader) -> String? {
        guard let place = reader.relative(descriptor &+ Layout.name),
            let name = reader.memory.string(Address(place), limit: nameLimit), !name.isEmpty
        else { return nil }
        return name
    }

    private static func parent(of descriptor: UInt64, _ reader: inout WordReader) -> UInt64? {
        let link = descriptor &+ Layout.parent
        guard let offset = reader.load(link, as: Int32.self), offset != 0,
            let place = Address(link).offset(by: Int64(offset & ~1))?.value
        else { return nil }
        return offset & 1 == 0 ? place : reader.word(place)
    }

    private static func parameters(
        _ descriptor: UInt64, _ flags: UInt32, _ kind: Kind, _ reader: inout WordReader
    ) -> Int {
        guard flags & Layout.isGeneric != 0, kind != .protocol else { return 0 }
        let header = descriptor &+ (kind == .class ? Layout.classGenerics : Layout.valueGenerics)
        return Int(reader.load(header &+ Layout.parameterCount, as: UInt16.self) ?? 0)
    }

    private static func argumentsOffset(
        _ descriptor: UInt64, _ flags: UInt32, _ kind: Kind, _ reader: inout WordReader
    ) -> UInt64? {
        guard kind == .class else { return MetadataLayout.valueArguments }
        guard flags & Layout.hasUnknownSize == 0,
            let size = reader.half(descriptor &+ Layout.metadataWords),
            let own = reader.half(descriptor &+ Layout.ownWords), own <= size
        else { return nil }
        return UInt64(size - own) * 8
    }
}
