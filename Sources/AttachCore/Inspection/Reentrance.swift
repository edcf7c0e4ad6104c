import AttachReport

/// Finds the tasks that are suspended in the middle of an actor's method.
///
/// What a suspended function belongs to is known by its name alone, and which object, only where
/// there is no choice: a frame may hold another actor of the same type and no longer its own. So
/// only actors of which there is one are said to have such tasks, and some are missed.
struct Reentrance {
    private let soleActors: [String: Address]
    /// The last part of each type's path, which stands in the short names of its methods.
    private let typeNames: Set<Substring>
    private var held: HeldWords
    private var known: [[CodeAddress]: Set<Address>] = [:]

    /// - Parameter soleActors: Actors by the names of their types, with modules.
    init(soleActors: [String: Address], memory: TargetMemory) {
        self.soleActors = soleActors
        typeNames = Set(soleActors.keys.compactMap { $0.split(separator: ".").last })
        held = HeldWords(memory)
    }

    /// Adds what is found to the actors.
    mutating func note(
        _ tasks: [RawTask], names: FrameNames, in actors: inout [ActorRecord]
    ) {
        guard !soleActors.isEmpty else { return }
        var inside: [Subject: [UInt64]] = [:]
        for task in tasks where [.suspended, .enqueued].contains(task.record.state) {
            for actor in actorsOfMethods(task.resumePoints, names)
            where held.hold(actor, task: task.record.address) {
                if case .actor(actor, _) = task.record.wait { continue }
                inside[.actor(actor), default: []].append(task.record.id)
            }
        }
        for index in actors.indices {
            actors[index].suspendedInside = inside[actors[index].subject] ?? []
        }
    }

    private mutating func actorsOfMethods(
        _ points: [CodeAddress], _ names: FrameNames
    ) -> Set<Address> {
        if let actors = known[points] { return actors }
        var actors: Set<Address> = []
        for point in points {
            // Where functions share their code, the name may be another one's.
            guard let frame = names.outermost(at: point), frame.aliases == 0,
                let function = frame.function, let symbol = frame.symbol,
                typeNames.contains(Self.typeName(inShortForm: function)),
                let type = Self.typeOfMethod(symbol), let actor = soleActors[type]
            else { continue }
            actors.insert(actor)
        }
        known[points] = actors
        return actors
    }

    /// What stands before the last name of `Type.method(…)`; empty where nothing does.
    private static func typeName(inShortForm function: String) -> Substring {
        let names = function.prefix { $0 != "(" && $0 != "<" }.split(separator: ".")
        return names.count > 1 ? names[names.count - 2] : ""
    }

    /// The type, with its module, that a symbol is an instance method of; nil for anything else,
    /// such as closures, accessors, initialisers, static methods and methods of extensions.
    static func typeOfMethod(_ symbol: String) -> String? {
        guard let name = Demangler.longForm(symbol) else { return nil }
        return typeOfMethod(longForm: name)
    }

    /// The same by the long form, `(1) suspend resume partial function for Module.Type.name(…) …`.
    static func typeOfMethod(longForm: String) -> String? {
        let name = SwiftEntity.withoutResumePrefix(longForm[...])
        // The path ends where parameters begin: `Module.Type.name(` or `Module.Type.name<A>(`.
        guard let end = name.firstIndex(where: { "(<: ".contains($0) }),
            "(<".contains(name[end])
        else { return nil }
        let path = name[..<end]
        guard let dot = path.lastIndex(of: ".") else { return nil }
        let method = path[path.index(after: dot)...]
        let type = path[..<dot]
        guard !method.isEmpty, type.contains("."),
            !["init", "__allocating_init", "deinit", "subscript"].contains(method)
        else { return nil }
        return String(type)
    }
}
