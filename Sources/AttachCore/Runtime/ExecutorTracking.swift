/// What a thread notes of the executor that it works for (`ExecutorTrackingInfo`,
/// stdlib/public/Concurrency/Actor.cpp): a record on its stack, which leads to the one that it
/// shadows.
struct ExecutorTracking: Hashable {
    /// Where the record lies.
    var address: UInt64
    /// The serial executor: 0 for the global pool, else an object.
    var executor: UInt64
    /// How it is one: 0 for a default actor; the flags in its low bits are left out.
    var implementation: UInt64
    /// The task executor; 0 for none.
    var taskExecutor: UInt64

    private static let implementation: UInt64 = 8
    private static let taskExecutor: UInt64 = 16
    private static let saved: UInt64 = 56
    /// Before 6.0 there was no task executor in it.
    private static let savedBeforeTaskExecutors: UInt64 = 40
    /// Marks in the low bits of the implementation (include/swift/ABI/Executor.h).
    static let implementationMask: UInt64 = ~7
    /// The most records of one thread that are read: every one of them takes stack.
    private static let limit = 4096

    /// The records of a thread, innermost first, from the one at `address` on.
    ///
    /// Each must lie further out on the stack than the one before, so that there is an end.
    static func chain(
        from address: UInt64, stackPointer: UInt64, layout: RuntimeLayout,
        _ reader: inout WordReader
    ) -> [ExecutorTracking] {
        var result: [ExecutorTracking] = []
        var place = address
        var inner = stackPointer &- 1
        while place != 0, result.count < limit {
            guard place & 7 == 0, place > inner,
                place &- stackPointer < CurrentTasks.deepestStack,
                let executor = reader.word(place), executor & 7 == 0,
                let implementation = reader.word(place, implementation)
            else { break }
            var record = ExecutorTracking(
                address: place, executor: executor,
                implementation: implementation & implementationMask, taskExecutor: 0)
            guard layout.hasTaskExecutors else {
                result.append(record)
                // One that may be of either sort ends here: its first words are the same in both.
                guard layout == .swift5_7 else { break }
                inner = place
                place = reader.word(place, savedBeforeTaskExecutors) ?? 0
                continue
            }
            if let other = reader.word(place, taskExecutor), other & 7 == 0 {
                record.taskExecutor = other
            }
            result.append(record)
            inner = place
            place = reader.word(place, saved) ?? 0
        }
        return result
    }
}
