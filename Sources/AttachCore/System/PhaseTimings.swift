import Glibc

/// What the parts of some work took, for people who measure.
public struct PhaseTimings: Sendable {
    /// One part.
    public struct Part: Sendable {
        /// What was done.
        public let name: String
        /// Nanoseconds that it took.
        public let nanoseconds: Int64
        /// Bytes by which the most memory that was ever resident has grown meanwhile.
        public let peakGrowth: UInt64
    }

    /// The parts, in order.
    public private(set) var parts: [Part] = []

    /// None yet.
    public init() {}

    /// Does it, and takes its time.
    public mutating func measure<Value>(_ name: String, _ body: () -> Value) -> Value {
        let (start, peak) = (Clock.monotonic(), Self.peak())
        let value = body()
        parts.append(
            Part(
                name: name, nanoseconds: Clock.monotonic() - start,
                peakGrowth: Self.peak() - peak))
        return value
    }

    /// The largest resident set so far (getrusage(2) tells it in KiB); it never shrinks.
    private static func peak() -> UInt64 {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return UInt64(clamping: usage.ru_maxrss) << 10
    }
}
