/// Sorted addresses, searched by halves.
extension [UInt64] {
    /// The index of the first one that is not below `value`; `count` where all are.
    func firstIndex(notBelow value: UInt64) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
