import AttachReport

/// Which addresses are code: the executable mappings of all images in one sorted list, since this
/// is asked several times for every task.
struct CodeRanges {
    private let ranges: [Range<UInt64>]

    /// The code of these images.
    init(_ images: ImageTable) {
        ranges = images.images.flatMap(\.executableRanges).sorted {
            $0.lowerBound < $1.lowerBound
        }
    }

    /// Code in these ranges alone.
    init(ranges: [Range<UInt64>]) {
        self.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Whether code lies at `address`.
    @inline(__always)
    func contains(_ address: UInt64) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low &+ high) >> 1
            if ranges[middle].upperBound <= address { low = middle &+ 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= address
    }
}
