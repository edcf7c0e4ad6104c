/// Ranges of addresses without overlap, each with a value, made for many look-ups.
struct AddressRanges<Value: Sendable>: Sendable {
    /// One range.
    struct Entry: Sendable {
        /// First address.
        var start: UInt64
        /// One past the last address.
        var end: UInt64
        /// What it stands for.
        var value: Value
    }

    /// By address.
    private(set) var entries: [Entry]

    /// Of ranges that overlap, the one that begins first keeps what it has; empty ones are dropped.
    init(_ unsorted: [Entry]) {
        var entries: [Entry] = []
        entries.reserveCapacity(unsorted.count)
        for entry in unsorted.sorted(by: { $0.start < $1.start }) {
            let start = max(entry.start, entries.last?.end ?? 0)
            if start < entry.end {
                entries.append(Entry(start: start, end: entry.end, value: entry.value))
            }
        }
        self.entries = entries
    }

    /// What stands at `address`.
    @inline(__always)
    func value(at address: UInt64) -> Value? {
        let index = entries.partitioningIndex { $0.end > address }
        guard index < entries.count, entries[index].start <= address else { return nil }
        return entries[index].value
    }
}
