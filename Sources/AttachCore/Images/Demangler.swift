import CSwiftRuntime
import Glibc

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
        let name = hasShortForm ? call(bare, .short) : longName(bare)
        return name.map(shortened)
    }

    /// The long form of a Swift symbol, which also says what the compiler made the function for.
    static func longForm(_ symbol: String) -> String? {
        guard let bare = bare(symbol) else { return nil }
        return call(bare, .long)
    }

    /// How the short form marks a copy of a function that was made for certain types or values.
    static let specializedMark = "specialized "

    /// Whether the symbol is one of such a copy.
    static func isSpecialized(_ symbol: String) -> Bool {
        demangle(symbol)?.hasPrefix(specializedMark) ?? false
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

    private static func call(_ symbol: String, _ form: Form) -> String? {
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
