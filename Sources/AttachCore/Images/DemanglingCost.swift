/// How much text a mangled symbol may stand for.
///
/// A symbol can name again, in two bytes, whatever it has named before, and so double its text
/// with every such reference: two hundred bytes are enough for gigabytes. The demangler has no
/// limit of its own, so such symbols must be known before it sees them.
///
/// This is an upper bound, found without parsing: whatever could be a reference counts as one.
/// What was recorded as number n holds references to smaller numbers only, so that each of these
/// numbers can lengthen it by no more than the times it is referred to, and itself.
struct DemanglingCost {
    /// Longest text, in bytes and by this estimate, that is asked for without precautions: 19 of
    /// 20 functions of a language server. In truth such a text is ten times shorter, at least.
    private static let limit = 268_435_456.0
    /// Operators of a few letters stand for words of a few dozen.
    private static let textPerByte = 16.0

    private let symbol: [UInt8]
    private var position = 0
    /// How often each number is referred to.
    private var references: [Int: Int] = [:]
    /// By how much the text may grow beyond that.
    private var factor = 1.0

    /// Whether the demangler may be given this symbol, of Swift or C++, as it is.
    static func isBearable(_ symbol: String) -> Bool {
        var cost = DemanglingCost(symbol: Array(symbol.utf8))
        symbol.hasPrefix("_Z") ? cost.addItanium() : cost.addSwift()
        let text = Double(cost.symbol.count) * textPerByte * cost.factor
        return cost.references.values.reduce(text) { $0 * Double(1 + $1) } <= limit
    }

    private init(symbol: [UInt8]) { self.symbol = symbol }

    private mutating func refer(to number: Int, times: Int = 1) {
        references[number, default: 0] += max(times, 1)
    }

    /// `A`, then small letters with a capital at the end, each after an optional count; or a
    /// number and `_`. (Swift, docs/ABI/Mangling.rst, "Substitutions".)
    private mutating func addSwift() {
        while position < symbol.count {
            guard symbol[position] == UInt8(ascii: "A") else {
                position += isDiscriminator ? Self.discriminatorLength : 1
                continue
            }
            var next = position + 1
            references: while next < symbol.count {
                let number = decimal(&next)
                guard next < symbol.count else { break }
                switch symbol[next] {
                case UInt8(ascii: "a")...UInt8(ascii: "z"):
                    refer(to: Int(symbol[next] - UInt8(ascii: "a")), times: number ?? 1)
                case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    refer(to: Int(symbol[next] - UInt8(ascii: "A")), times: number ?? 1)
                    break references
                case UInt8(ascii: "_"):
                    refer(to: 26 + (number.map { $0 + 1 } ?? 0))
                    break references
                default: break references
                }
                next += 1
            }
            position += 1
        }
    }

    /// `S_`, `S0_` … `SZ_`: something named before. `T_` and so on: an argument of whichever
    /// template is current, so that nothing is known of it. (Itanium C++ ABI, 5.1.)
    private mutating func addItanium() {
        while position < symbol.count {
            let kind = symbol[position]
            if kind == UInt8(ascii: "S") || kind == UInt8(ascii: "T") {
                var next = position + 1
                var number: Int?
                while next < symbol.count, let digit = Self.digit(symbol[next]) {
                    number = min((number ?? 0) * 36 + digit, 1 << 20)
                    next += 1
                }
                if next < symbol.count, symbol[next] == UInt8(ascii: "_") {
                    if kind == UInt8(ascii: "S") {
                        refer(to: number.map { $0 + 1 } ?? 0)
                    } else {
                        factor *= 2
                    }
                }
            }
            position += 1
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private func decimal(_ next: inout Int) -> Int? {
        var number: Int?
        while next < symbol.count, symbol[next] >= UInt8(ascii: "0"),
            symbol[next] <= UInt8(ascii: "9")
        {
            number = min((number ?? 0) * 10 + Int(symbol[next] - UInt8(ascii: "0")), 1 << 20)
            next += 1
        }
        return number
    }

    private static let discriminatorLength = 37

    /// Whether `33_`, 32 hexadecimal digits and `LL` or `Ll` stand here: the file of a private
    /// declaration. Its digits are no references; if they were, `LL` would have no name to use
    /// and the demangler would refuse the symbol.
    private var isDiscriminator: Bool {
        guard symbol.count - position >= Self.discriminatorLength,
            symbol[position] == UInt8(ascii: "3"), symbol[position + 1] == UInt8(ascii: "3"),
            symbol[position + 2] == UInt8(ascii: "_"), symbol[position + 35] == UInt8(ascii: "L"),
            symbol[position + 36] | 0x20 == UInt8(ascii: "l")
        else { return false }
        return symbol[position + 3..<position + 35].allSatisfy {
            Self.digit($0).map { $0 < 16 } ?? false
        }
    }
}
