/// Numbers as a person reads them: `3 7-12 40 … and 20 more`.
struct IDList {
    /// Entries written before the rest is only counted.
    static let longest = 6

    private let ranges: [ClosedRange<UInt64>]

    /// Sorts and joins neighbours. Numbers that occur twice are listed once.
    init(_ numbers: some Sequence<UInt64>) {
        var ranges: [ClosedRange<UInt64>] = []
        for number in numbers.sorted() {
            if let last = ranges.last {
                if number == last.upperBound { continue }
                // `last.upperBound` is below `number`, so adding one cannot overflow.
                if number == last.upperBound + 1 {
                    ranges[ranges.count - 1] = last.lowerBound...number
                    continue
                }
            }
            ranges.append(number...number)
        }
        self.ranges = ranges
    }

    /// How many different numbers there are. A range never spans more than was put in.
    var count: Int { ranges.reduce(0) { $0 + Self.size($1) } }

    private static func size(_ range: ClosedRange<UInt64>) -> Int {
        Int(clamping: range.upperBound - range.lowerBound) + 1
    }

    /// The list in words; nothing is left out if `complete`.
    func text(complete: Bool = false) -> PageText {
        var result = PageText()
        var written = 0
        var entries = 0
        for range in ranges {
            guard complete || entries < Self.longest else { break }
            if entries > 0 { result += " " }
            switch range.upperBound - range.lowerBound {
            case 0:
                result += "\(range.lowerBound)"
            case 1:
                result += "\(range.lowerBound) \(range.upperBound)"
            default:
                result += "\(range.lowerBound)-\(range.upperBound)"
            }
            entries += 1
            written += Self.size(range)
        }
        if written < count { result += " … and \(count - written) more" }
        return result
    }
}
