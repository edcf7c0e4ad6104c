/// What had not moved while the process was watched for a while after the stop.
///
/// One picture cannot tell a lock that is held for ever from one held for a microsecond; watching
/// can, as far as it goes.
public struct Stillness: Sendable, Codable {
    /// Nanoseconds for which it was watched, from the release on.
    public var nanoseconds: Int64
    /// Nanoseconds for which it should be watched before standing still counts. Watching ends
    /// earlier once nothing is left that this could make surer.
    public var patience: Int64
    /// Threads that did not run at all in that time (by their count of context switches).
    public var threads: Set<Int32>
    /// Tasks whose words were the same each time.
    public var tasks: Set<UInt64>

    /// Whether it was watched for as long as it should be.
    public var isComplete: Bool { nanoseconds >= patience }

    /// Memberwise.
    ///
    /// - Parameter patience: nil for no more than the time it was watched.
    public init(
        nanoseconds: Int64, patience: Int64? = nil, threads: Set<Int32>, tasks: Set<UInt64>
    ) {
        self.nanoseconds = nanoseconds
        self.patience = patience ?? nanoseconds
        self.threads = threads
        self.tasks = tasks
    }
}
