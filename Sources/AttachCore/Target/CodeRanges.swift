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
        let index = ranges.partitioningIndex { $0.upperBound > address }
        return index < ranges.count && ranges[index].lowerBound <= address
    }
}
