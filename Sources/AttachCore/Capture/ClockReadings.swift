/// What the clocks of the target said while it was stopped, in nanoseconds: deadlines that it
/// keeps are told on them.
public struct ClockReadings: Hashable, Sendable, Codable {
    /// CLOCK_REALTIME, since 1970.
    public var realtime: Int64
    /// CLOCK_MONOTONIC; nil where the target has a time namespace of its own.
    public var monotonic: Int64?
    /// CLOCK_BOOTTIME; nil likewise.
    public var boottime: Int64?

    /// Memberwise.
    public init(realtime: Int64, monotonic: Int64? = nil, boottime: Int64? = nil) {
        self.realtime = realtime
        self.monotonic = monotonic
        self.boottime = boottime
    }

    /// What the clock with this id said (clock_gettime(2)); nil for one that is not known here.
    func reading(ofClock id: UInt64) -> Int64? {
        switch id {
        case 0, 5, 8: realtime
        case 1, 4, 6: monotonic
        case 7, 9: boottime
        default: nil
        }
    }
}
