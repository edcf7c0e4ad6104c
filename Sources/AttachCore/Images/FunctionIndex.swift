import Synchronization

/// The ranges of a file's functions, sorted when first asked for: the unwinder comes back with
/// one address after another, for which passing over the table each time is too slow.
final class FunctionIndex: Sendable {
    private let ranges = Mutex<[Range<UInt64>]?>(nil)

    /// The innermost function that `address` lies in; both before the load bias.
    func range(containing address: UInt64, of file: ELFFile) -> Range<UInt64>? {
        ranges.withLock { state in
            let sorted = state ?? Self.collect(file)
            state = sorted
            return Self.find(address, sorted)
        }
    }

    private static func collect(_ file: ELFFile) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        for table in SymbolTable.tables(of: file) {
            table.forEach { entry in
                if entry.mayBeFunction, entry.isDefined, entry.size > 0 {
                    ranges.append(entry.value..<entry.end)
                }
                return true
            }
            // The whole table holds what the dynamic one does.
            if !ranges.isEmpty { break }
        }
        ranges.sort { $0.lowerBound < $1.lowerBound }
        return ranges
    }

    private static func find(_ address: UInt64, _ sorted: [Range<UInt64>]) -> Range<UInt64>? {
        let next = sorted.partitioningIndex { $0.lowerBound > address }
        // Functions do not nest in practice; a few steps pass over aliases and labels.
        return sorted[max(0, next - 16)..<next].last { $0.contains(address) }
    }
}
