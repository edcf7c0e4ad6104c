import AttachReport

/// How a process or core file is to be looked at.
public struct InspectionOptions: Sendable {
    /// What a report should hold.
    public var snapshot = SnapshotOptions()
    /// What stopping and copying may cost the target.
    public var limits = CaptureLimits()
    /// Where separate debug files are looked for.
    public var debugFiles = DebugFileOptions()
    /// Nanoseconds that a look may take altogether.
    public var timeout: Int64 = 60_000_000_000
    /// Nanoseconds for which a process of which something is suspected is watched, without a stop,
    /// before what stands still counts.
    public var patience: Int64 = 1_000_000_000

    /// The defaults.
    public init() {}

    /// Nanoseconds from the first seized thread to the last release after which the process that
    /// stops is ended, which releases the target.
    var stopTime: Int64 { min(timeout, (limits.maximumPause ?? timeout) + 3_000_000_000) }

    /// Bytes of address space for reading a capture: foreign bytes may ask for any amount of
    /// memory; the honest need grows with the capture.
    static func memoryLimit(for capture: Capture) -> UInt64 {
        (8 << 30) + capture.mappedBytes + 6 * capture.record.bytes
    }
}
