import AttachReport

/// Reads integers of the target one after another, remembering where the last one lay.
///
/// Most reads follow others close by, so that the search for the segment is saved. Bounds are
/// those of `TargetMemory`: what is not there reads as nil.
struct WordReader {
    /// What is read.
    let memory: TargetMemory
    private var segment: TargetMemory.Segment?

    /// A reader of this memory.
    init(_ memory: TargetMemory) { self.memory = memory }

    /// An integer at `address`; unaligned is fine.
    @inline(__always)
    mutating func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ address: UInt64, as type: T.Type = T.self
    ) -> T? {
        if let segment, let value: T = segment.load(at: address) { return value }
        return loadElsewhere(address)
    }

    /// A 64-bit word.
    @inline(__always)
    mutating func word(_ address: UInt64) -> UInt64? { load(address, as: UInt64.self) }

    /// A 32-bit word.
    @inline(__always)
    mutating func half(_ address: UInt64) -> UInt32? { load(address, as: UInt32.self) }

    /// The word `offset` bytes behind `address`; nil where that wraps.
    @inline(__always)
    mutating func word(_ address: UInt64, _ offset: UInt64) -> UInt64? {
        let (place, overflow) = address.addingReportingOverflow(offset)
        return overflow ? nil : word(place)
    }

    /// What a 32-bit offset at `address` points to, relative to itself, as Swift metadata does.
    mutating func relative(_ address: UInt64) -> UInt64? {
        guard let offset = load(address, as: Int32.self) else { return nil }
        return Address(address).offset(by: Int64(offset))?.value
    }

    private mutating func loadElsewhere<T: FixedWidthInteger & BitwiseCopyable>(
        _ address: UInt64
    ) -> T? {
        guard let holder = memory.segment(at: address) else { return nil }
        segment = holder
        return holder.load(at: address) ?? memory.load(Address(address))
    }
}
