import Glibc

/// Where a file has no bytes of its own and reads as zeroes: there is nothing to be looked for,
/// and touching it would only fill memory with them.
struct FileHoles {
    private let data: [Range<UInt64>]?

    /// No file needs more; beyond them holes are read like anything else.
    private static let limit = 1 << 18

    /// Asks the file system (lseek(2), SEEK_DATA); where it does not know, there are none.
    init(_ descriptor: Int32, size: UInt64) {
        var data: [Range<UInt64>] = []
        var position: UInt64 = 0
        while position < size, data.count < Self.limit {
            let start = lseek(descriptor, off_t(clamping: position), 3)  // SEEK_DATA
            if start < 0, errno == ENXIO { break }
            let end = start < 0 ? -1 : lseek(descriptor, start, 4)  // SEEK_HOLE
            guard start >= 0, end > start, UInt64(start) >= position else {
                self.data = nil
                return
            }
            data.append(UInt64(start)..<UInt64(end))
            position = UInt64(end)
        }
        if data.count == Self.limit { data.append(position..<max(size, position)) }
        self.data = data
    }

    /// Calls `body` for each part of a range that is a hole or none, in order.
    func forEachRun(in range: Range<UInt64>, _ body: (Range<UInt64>, Bool) -> Void) {
        guard let data else { return body(range, false) }
        var position = range.lowerBound
        var index = data.partitioningIndex { $0.upperBound > position }
        while position < range.upperBound {
            guard index < data.count, data[index].lowerBound < range.upperBound else {
                return body(position..<range.upperBound, true)
            }
            if position < data[index].lowerBound {
                body(position..<data[index].lowerBound, true)
            }
            let end = min(data[index].upperBound, range.upperBound)
            body(max(position, data[index].lowerBound)..<end, false)
            position = end
            index += 1
        }
    }
}
