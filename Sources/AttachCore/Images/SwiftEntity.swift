/// What the long form of a demangled Swift symbol says about the function, beyond its name.
struct SwiftEntity: Hashable, Sendable {
    /// Whether the compiler made it to forward to, move or describe something else: there is no
    /// code of the user's in it, except what was inlined.
    var isForwarder: Bool
    /// Whether the function itself is async. (A parameter that is, does not count.)
    var isAsync: Bool
    /// Whether the compiler made one function of several that are alike, and called it by one of
    /// them (LLVMMergeFunctions.cpp of the Swift compiler): which one it runs as cannot be told.
    var isMerged = false

    /// How the demangler begins the name of such a function (NodePrinter of the Swift demangler).
    private static let forwarders = [
        "partial apply", "reabstraction thunk", "dispatch thunk of ", "protocol witness for ",
        "protocol self-conformance witness for ", "distributed thunk ", "distributed accessor for ",
        "curry thunk of ", "vtable thunk for ", "back deployment thunk for ", "identity thunk of ",
        "outlined ", "key path ", "@objc ", "@nonobjc ", "dynamically replaceable thunk for ",
        "type metadata ", "generic type metadata ", "lazy protocol witness table ",
        "protocol witness table ", "generic protocol witness table ", "associated type ",
        "base witness table accessor for ", "noncanonical specialized generic type metadata ",
        "block copy helper", "block destroy helper", "objectdestroy", "async function pointer to ",
        "method lookup function for ", "value witness for ",
    ]

    private static let merged = "merged "

    /// What may stand before the name of what a function was made from.
    private static let specializations = [
        "generic ", "function signature ", "closure propagation ", "constant propagation ",
        "inlined generic ", "partial generic ",
    ]

    /// Reads the long form.
    init(longForm: String) {
        var rest = Substring(longForm)
        var next: Substring? = rest
        while let inner = next {
            rest = inner
            isMerged = isMerged || rest.hasPrefix(Self.merged)
            next = Self.withoutQualifier(rest)
        }
        // "initializeWithCopy value witness for T": the operation comes first.
        let second = rest.drop { $0 != " " }.dropFirst()
        isForwarder =
            Self.forwarders.contains { rest.hasPrefix($0) }
            || second.hasPrefix("value witness for ")
        isAsync = Self.isAsync(rest)
    }

    /// Without one word of how the function was made; nil where there is none left. Whatever was
    /// specialised, split or merged is still what it was made from.
    private static func withoutQualifier(_ name: Substring) -> Substring? {
        if name.hasPrefix(merged) { return name.dropFirst(merged.count) }
        let whole = withoutResumePrefix(name)
        if whole.startIndex != name.startIndex { return whole }
        for word in specializations where name.hasPrefix(word) {
            if let target = targetOfSpecialization(name) { return target }
        }
        return nil
    }

    /// Without `(2) await resume partial function for `, which marks a piece of an async function.
    static func withoutResumePrefix(_ name: Substring) -> Substring {
        guard name.first == "(", let close = name.firstIndex(of: ")") else { return name }
        let number = name[name.index(after: name.startIndex)..<close]
        guard !number.isEmpty, number.allSatisfy({ $0.isASCII && $0.isNumber }) else { return name }
        let rest = name[name.index(after: close)...]
        for words in [
            " await resume partial function for ", " suspend resume partial function for ",
        ] where rest.hasPrefix(words) {
            return rest.dropFirst(words.count)
        }
        return name
    }

    /// X of `generic specialization <…> of X`.
    private static func targetOfSpecialization(_ name: Substring) -> Substring? {
        let text = name.utf8
        guard let open = text.firstIndex(of: UInt8(ascii: "<")) else { return nil }
        guard name[..<open].hasSuffix("specialization ") else { return nil }
        var depth = 0
        var previous: UInt8 = 0
        var position = open
        while position < text.endIndex {
            let byte = text[position]
            if byte == UInt8(ascii: "<") { depth += 1 }
            if byte == UInt8(ascii: ">"), previous != UInt8(ascii: "-") { depth -= 1 }
            position = text.index(after: position)
            if depth == 0 { break }
            previous = byte
        }
        let rest = name[position...]
        return rest.hasPrefix(" of ") ? rest.dropFirst(" of ".count) : nil
    }

    /// Whether ` async` stands outside all brackets and before the first arrow or ` in `: only
    /// there does it speak of the function, and not of a parameter, result or enclosing function.
    private static func isAsync(_ name: Substring) -> Bool {
        var depth = 0
        var previous: UInt8 = 0
        var position = name.utf8.startIndex
        while position < name.utf8.endIndex {
            let byte = name.utf8[position]
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ">"):
                if previous != UInt8(ascii: "-") { depth -= 1 } else if depth == 0 { return false }
            case UInt8(ascii: " ") where depth == 0:
                let rest = name[position...]
                if rest.hasPrefix(" async ") { return true }
                if rest.hasPrefix(" in ") { return false }
            default: break
            }
            previous = byte
            position = name.utf8.index(after: position)
        }
        return false
    }
}
