public import AttachReport

/// Memory of the target, as the capture and the mapped files hold it.
///
/// A value made of non-overlapping segments. Every read is checked against them, so that no
/// address from the target, however wrong, can reach memory of our own.
@safe public struct TargetMemory: @unchecked Sendable {
    /// Bytes of the smallest page of any CPU that is read here; the larger ones of aarch64 are
    /// multiples of it (ELF gABI, "p_align"; arm64's memory.rst). Nothing is mapped or protected in
    /// smaller units.
    static let smallestPage = 4096

    /// A run of target addresses with one source of bytes.
    @safe public struct Segment {
        /// First address.
        public let start: UInt64
        /// One past the last address.
        public let end: UInt64
        /// Where the bytes lie in our memory; nil for pages that read as zero.
        private let base: UnsafeRawPointer?
        /// Whether the target could write here when it was captured.
        public let isWritable: Bool
        /// Whether the bytes were read from the process (or its core), not from a file.
        public let isCaptured: Bool

        /// Memory whose bytes lie at `base`, and stay there as long as the segment is used; nil for
        /// zeroes.
        init(
            start: UInt64, end: UInt64, base: UnsafeRawPointer?, isWritable: Bool,
            isCaptured: Bool
        ) {
            self.start = start
            self.end = end
            unsafe self.base = base
            self.isWritable = isWritable
            self.isCaptured = isCaptured
        }

        /// Memory that reads as zero.
        init(zeroes range: Range<UInt64>, isWritable: Bool, isCaptured: Bool) {
            unsafe self.init(
                start: range.lowerBound, end: range.upperBound, base: nil,
                isWritable: isWritable, isCaptured: isCaptured)
        }

        /// Whether it reads as zero, without bytes of ours that say so.
        var isZero: Bool { unsafe base == nil }

        /// Calls `body` with all its bytes; nil for zeroes, which have none.
        @inline(__always)
        func withBytes<Result, Failure: Error>(
            _ body: (Span<UInt8>) throws(Failure) -> Result
        ) throws(Failure) -> Result? {
            guard let base = unsafe base else { return nil }
            return try unsafe body(
                Span(
                    _unsafeStart: base.assumingMemoryBound(to: UInt8.self),
                    count: Int(end - start)))
        }

        /// An integer that lies wholly inside; nil otherwise. Unaligned is fine.
        @inline(__always)
        func load<T: FixedWidthInteger & BitwiseCopyable>(
            at address: UInt64, as type: T.Type = T.self
        ) -> T? {
            guard address >= start, address < end, end &- address >= UInt64(MemoryLayout<T>.size)
            else { return nil }
            guard let base = unsafe base else { return 0 }
            return unsafe base.loadUnaligned(
                fromByteOffset: Int(truncatingIfNeeded: address &- start), as: T.self)
        }

        /// The part between two addresses, which lie inside.
        func slice(_ from: UInt64, _ to: UInt64) -> Self {
            unsafe Self(
                start: from, end: to, base: base.map { unsafe $0 + Int(from - start) },
                isWritable: isWritable, isCaptured: isCaptured)
        }

        /// The same bytes, of which something else is known.
        func marked(isWritable: Bool, isCaptured: Bool) -> Self {
            unsafe Self(
                start: start, end: end, base: base, isWritable: isWritable, isCaptured: isCaptured)
        }

        /// The bytes from one address up to another, which lie inside; nil for zeroes.
        fileprivate func buffer(_ from: UInt64, _ to: UInt64) -> UnsafeRawBufferPointer? {
            guard let base = unsafe base else { return nil }
            return unsafe UnsafeRawBufferPointer(
                start: base + Int(from - start), count: Int(to - from))
        }
    }

    /// Sorted by address, without overlap.
    public private(set) var segments: [Segment] = []
    /// Whatever must stay alive for the segments' pointers to be valid.
    private(set) var owners: [AnyObject] = []

    /// Memory with nothing in it.
    public init() {}

    /// Memory of these segments, kept valid by `owners`; a segment that overlaps an earlier one
    /// is cut to what is still free, so the first to claim an address wins.
    init(segments: [Segment], owners: [AnyObject]) {
        self.owners = owners
        self.segments = segments.sorted { $0.start < $1.start }
    }

    /// A copy in which `lower` supplies what this memory does not have.
    func layered(over lower: [Segment], owners: [AnyObject]) -> TargetMemory {
        var merged: [Segment] = []
        merged.reserveCapacity(segments.count + lower.count)
        var upper = 0
        for segment in lower.sorted(by: { $0.start < $1.start }) {
            var position = segment.start
            while upper < segments.count, segments[upper].end <= position { upper += 1 }
            var covering = upper
            while position < segment.end {
                if covering < segments.count, segments[covering].start <= position {
                    position = max(position, segments[covering].end)
                    covering += 1
                    continue
                }
                let next = covering < segments.count ? segments[covering].start : UInt64.max
                let end = min(segment.end, next)
                merged.append(segment.slice(position, end))
                position = end
            }
        }
        var result = self
        result.segments = (segments + merged).sorted { $0.start < $1.start }
        result.owners += owners
        return result
    }

    /// The segment that holds `address`.
    @inline(__always)
    func segment(at address: UInt64) -> Segment? {
        let index = segments.partitioningIndex { $0.end > address }
        guard index < segments.count, segments[index].start <= address else { return nil }
        return segments[index]
    }

    /// The first segment that begins behind `address`.
    func firstSegment(after address: UInt64) -> Segment? {
        let index = segments.partitioningIndex { $0.start > address }
        return index < segments.count ? segments[index] : nil
    }

    /// Whether a byte at `address` can be read.
    public func isReadable(_ address: Address) -> Bool { segment(at: address.value) != nil }

    /// An integer in the target's (little-endian) byte order; unaligned is fine; nil where any
    /// byte of it is missing.
    @inline(__always)
    public func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ address: Address, as type: T.Type = T.self
    ) -> T? {
        let size = UInt64(MemoryLayout<T>.size)
        guard let segment = segment(at: address.value) else { return nil }
        if segment.end - address.value >= size { return segment.load(at: address.value) }
        return loadAcrossSegments(address)
    }

    private func loadAcrossSegments<T: FixedWidthInteger>(_ address: Address) -> T? {
        guard let bytes = copy(address, count: MemoryLayout<T>.size) else { return nil }
        return bytes.reversed().reduce(T.zero) { ($0 << 8) | T(truncatingIfNeeded: $1) }
    }

    /// A 64-bit word.
    @inline(__always)
    public func word(_ address: Address) -> UInt64? { load(address, as: UInt64.self) }

    /// The word `offset` bytes behind `address`, as an address.
    @inline(__always)
    public func pointer(_ address: Address, _ offset: UInt64 = 0) -> Address? {
        guard let place = address.advanced(by: offset), let value = word(place) else { return nil }
        return Address(value)
    }

    /// `count` bytes, all of them or nil. The caller bounds `count`.
    public func copy(_ address: Address, count: Int) -> [UInt8]? {
        guard count >= 0, let end = address.advanced(by: UInt64(count)) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var position = address.value
        while position < end.value {
            guard let segment = segment(at: position) else { return nil }
            let upTo = min(segment.end, end.value)
            let length = Int(upTo - position)
            if let bytes = unsafe segment.buffer(position, upTo) {
                unsafe result.append(contentsOf: bytes)
            } else {
                result.append(contentsOf: repeatElement(0, count: length))
            }
            position = upTo
        }
        return result
    }

    /// A NUL-terminated string of at most `limit` bytes, with ill-formed UTF-8 replaced; nil where
    /// it is not readable or does not end within the limit.
    public func string(_ address: Address, limit: Int = 4096) -> String? {
        guard let text = text(address, limit: limit), text.isWhole else { return nil }
        return text.string
    }

    /// The same, or as much of it as the limit allows; nil where it is not readable.
    func text(_ address: Address, limit: Int) -> (string: String, isWhole: Bool)? {
        var bytes: [UInt8] = []
        var position = address.value
        while bytes.count <= limit {
            guard let segment = segment(at: position) else { return nil }
            let length = min(Int(clamping: segment.end - position), limit + 1 - bytes.count)
            guard let chunk = unsafe segment.buffer(position, position + UInt64(length)) else {
                return (String(decoding: bytes, as: UTF8.self), true)
            }
            if let end = unsafe chunk.firstIndex(of: 0) {
                unsafe bytes.append(contentsOf: chunk[..<end])
                return (String(decoding: bytes, as: UTF8.self), true)
            }
            unsafe bytes.append(contentsOf: chunk)
            position += UInt64(length)
            if length == 0 { return nil }
        }
        // Not in the middle of a character: what comes next begins one.
        var end = limit
        while end > 0, end > limit - 4, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return (String(decoding: bytes[..<end], as: UTF8.self), false)
    }
}
