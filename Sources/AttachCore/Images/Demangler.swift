import CSwiftRuntime
import Glibc
import Synchronization

/// Turns symbols into the names that a person wrote.
enum Demangler {
    /// Longest symbol that is looked at, in bytes.
    static let inputLimit = 65_536
    /// Longest name that is given out, in bytes; what is cut off is marked with `…`.
    static let outputLimit = 4096

    /// Whether `_swift_backtrace_demangle` does what we count on in the runtime we run with. It is
    /// no public interface, so it has to show that first.
    private static let hasShortForm: Bool =
        call("$s4main4BankC8withdrawyS2iYaKFTQ0_", .short) == "Bank.withdraw(_:)"

    /// Whether this is a symbol of Swift's.
    static func isSwift(_ symbol: String) -> Bool {
        ["$s", "$S", "$e", "_$s", "_$S", "_$e", "_T0", "@__swiftmacro_"].contains {
            symbol.hasPrefix($0)
        }
    }

    /// The short form, `Bank.withdraw(_:)`, of a Swift or C++ symbol; nil for any other. Where the
    /// runtime cannot give it, the long form with types and modules.
    static func demangle(_ symbol: String) -> String? {
        guard let bare = bare(symbol) else { return nil }
        return remembered(bare, .short) {
            let name = hasShortForm ? call(bare, .short) : longName(bare)
            return name.map { shortened(isMerged(bare) ? mergedMark + $0 : $0) }
        }
    }

    /// Whether a symbol is left as it is because it is too long, or its name would be.
    static func isRefused(_ symbol: String) -> Bool {
        guard isSwift(symbol) || symbol.hasPrefix("_Z") else { return false }
        if symbol.utf8.count > inputLimit { return true }
        let bare = withoutVersion(symbol)
        return memory.withLock { $0.refused.contains(bare) }
    }

    /// The long form of a Swift symbol, which also says what the compiler made the function for.
    static func longForm(_ symbol: String) -> String? {
        guard let bare = bare(symbol) else { return nil }
        return remembered(bare, .long) { call(bare, .long) }
    }

    /// How the short form marks a copy of a function that was made for certain types or values.
    static let specializedMark = "specialized "

    /// Whether the symbol is one of such a copy.
    static func isSpecialized(_ symbol: String) -> Bool {
        demangle(symbol)?.hasPrefix(specializedMark) ?? false
    }

    /// How a function that was made of several is marked, which the short form does not say.
    private static let mergedMark = "merged "

    private static func isMerged(_ symbol: String) -> Bool {
        guard hasShortForm, symbol.contains("Tm"), let long = call(symbol, .long) else {
            return false
        }
        return SwiftEntity(longForm: long).isMerged
    }

    /// A mangled symbol without its version; nil where nothing is mangled.
    private static func bare(_ symbol: String) -> String? {
        guard symbol.utf8.count <= inputLimit, isSwift(symbol) || symbol.hasPrefix("_Z") else {
            return nil
        }
        return withoutVersion(symbol)
    }

    /// Without the version that the dynamic linker's symbols carry: `name@@GLIBC_2.34`.
    static func withoutVersion(_ symbol: String) -> String {
        guard !symbol.hasPrefix("@"), let end = symbol.utf8.firstIndex(of: UInt8(ascii: "@")) else {
            return symbol
        }
        return String(symbol[..<end])
    }

    /// Cut to `outputLimit` bytes, between characters.
    static func shortened(_ name: String) -> String {
        guard name.utf8.count > outputLimit else { return name }
        var end = name.utf8.index(name.utf8.startIndex, offsetBy: outputLimit - 3)
        while end > name.startIndex, String.Index(end, within: name) == nil {
            end = name.utf8.index(before: end)
        }
        return name[..<end] + "…"
    }

    private enum Form {
        case short
        case long
    }

    /// Results by symbol: frames come back with the same symbols, and each is asked for its name,
    /// its kind and its relatives.
    private struct Memory {
        /// Symbols and names together, in bytes.
        static let limit = 8 << 20
        var short: [String: String?] = [:]
        var long: [String: String?] = [:]
        var refused: Set<String> = []
        var size = 0
    }

    private static let memory = Mutex(Memory())

    private static func remembered(
        _ symbol: String, _ form: Form, _ demangle: () -> String?
    ) -> String? {
        let known = memory.withLock { form == .short ? $0.short[symbol] : $0.long[symbol] }
        if let known { return known }
        var name: String?
        var isRefused = false
        if DemanglingCost.isBearable(symbol) {
            name = demangle()
        } else {
            do {
                name = try DemanglerProcess.name(demangle)
            } catch {
                isRefused = true
            }
        }
        memory.withLock {
            if $0.size > Memory.limit { $0 = Memory() }
            $0.size += symbol.utf8.count + (name?.utf8.count ?? 0) + 64
            if isRefused { $0.refused.insert(symbol) }
            switch form {
            case .short: $0.short[symbol] = .some(name)
            case .long: $0.long[symbol] = .some(name)
            }
        }
        return name
    }

    private static func call(_ symbol: String, _ form: Form) -> String? {
        let name = callOnce(symbol, form)
        guard name == nil || name == symbol else { return name }
        // Compilers up to 6.1 noted with an `m` that a specialisation has lost its metatypes.
        // Later demanglers do not know it, and it is no part of the name.
        let later = symbol.replacing("Tgm5", with: "Tg5").replacing("TGm5", with: "TG5")
        return later == symbol ? name : callOnce(later, form)
    }

    private static func callOnce(_ symbol: String, _ form: Form) -> String? {
        unsafe symbol.withCString { text in
            let length = symbol.utf8.count
            let result =
                switch form {
                case .short: unsafe _swift_backtrace_demangle(text, length, nil, nil)
                case .long: unsafe swift_demangle(text, length, nil, nil, 0)
                }
            guard let result = unsafe result else { return nil }
            defer { unsafe free(result) }
            return unsafe String(cString: result)
        }
    }

    /// Without the short form: the long one, less its mark of a piece of an async function.
    private static func longName(_ symbol: String) -> String? {
        guard let name = call(symbol, .long) else { return nil }
        return String(SwiftEntity.withoutResumePrefix(Substring(name)))
    }
}
