/// What had not moved when the process was looked at a second time, a moment after the stop.
///
/// One picture cannot tell a lock that is held for ever from one held for a microsecond; two can.
public struct Stillness: Sendable, Codable {
    /// Nanoseconds between the two looks.
    public var nanoseconds: Int64
    /// Threads that did not run at all in between (by their count of context switches).
    public var threads: Set<Int32>
    /// Tasks whose words were the same both times.
    public var tasks: Set<UInt64>

    /// Memberwise.
    public init(nanoseconds: Int64, threads: Set<Int32>, tasks: Set<UInt64>) {
        self.nanoseconds = nanoseconds
        self.threads = threads
        self.tasks = tasks
    }
}
