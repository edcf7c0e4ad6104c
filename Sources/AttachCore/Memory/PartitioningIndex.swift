extension RandomAccessCollection {
    /// The index of the first element that is on the far side, found by halves; `endIndex` where
    /// none is. All elements before it are on the near side, and all after it on the far one.
    @inline(__always)
    func partitioningIndex(where isFar: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = count
        while count > 0 {
            let half = count >> 1
            let middle = index(low, offsetBy: half)
            if isFar(self[middle]) {
                count = half
            } else {
                low = index(after: middle)
                count -= half + 1
            }
        }
        return low
    }
}
