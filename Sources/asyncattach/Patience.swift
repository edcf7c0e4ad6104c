import ArgumentParser

/// For how long a process is watched before standing still counts.
struct Patience {
    /// 0: it is not watched.
    let nanoseconds: Int64

    /// Longer would be another tool's work.
    private static let longest: Int64 = 3_600_000_000_000
    /// A healthy thread may rest for as long as this at any time.
    private static let shortest: Int64 = 100_000_000
    private static let units: [(suffix: String, nanoseconds: Double)] = [
        ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("", 1e9),
    ]

    /// So many seconds, or a part of them.
    init(seconds: Int64, over divisor: Int64 = 1) {
        nanoseconds = seconds * 1_000_000_000 / divisor
    }

    /// Reads `10s`, `500ms`, `1.5`, `2m`: plain numbers are seconds.
    init(_ text: String) throws {
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }),
            case let number = text.dropLast(unit.suffix.count),
            number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let value = Double(number), value.isFinite
        else {
            throw ValidationError(
                "It must be a time such as 10s, 500ms, 2m or 30 (seconds).")
        }
        let time = value * unit.nanoseconds
        guard time == 0 || (Double(Self.shortest)...Double(Self.longest)).contains(time) else {
            throw ValidationError(
                "It must be 0 (do not watch) or from 100ms to 60m.")
        }
        nanoseconds = Int64(time)
    }
}
