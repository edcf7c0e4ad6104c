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
                let executor = reader.word(place, ExecutorTrackingLayout.executor),
                executor & 7 == 0,
                let implementation = reader.word(place, ExecutorTrackingLayout.implementation)
            else { break }
            var record = ExecutorTracking(
                address: place, executor: executor,
                implementation: implementation & ExecutorLayout.implementationMask,
                taskExecutor: 0)
            if let offset = layout.tracking.taskExecutor, let other = reader.word(place, offset),
                other & 7 == 0
            {
                record.taskExecutor = other
            }
            result.append(record)
            inner = place
            guard let saved = layout.tracking.saved else { break }
            place = reader.word(place, saved) ?? 0
        }
        return result
    }
}
