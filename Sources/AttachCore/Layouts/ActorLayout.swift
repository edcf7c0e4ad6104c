/// The storage of a default actor (`DefaultActorImpl`, stdlib/public/Concurrency/Actor.cpp), as
/// offsets in the object.
struct DefaultActorLayout: Hashable, Sendable {
    /// Whether it is a proxy. Of the word that it lies in, only this byte is ever written.
    let isRemote: UInt64
    /// State, whether it was escalated, priority: 32 bits.
    let flags: UInt64
    /// Jobs that came in.
    let incoming: UInt64
    /// Jobs that whoever drains it has sorted (`prioritizedJobs`); nil where they follow in the
    /// same list, behind those links that are marked as not sorted.
    let sorted: UInt64?

    /// Since 6.0.
    static let twoLists = DefaultActorLayout(isRemote: 16, flags: 32, incoming: 40, sorted: 64)
    /// From 5.7 to 5.10.
    static let oneList = DefaultActorLayout(isRemote: 32, flags: 16, incoming: 24, sorted: nil)

    /// `ActorFlagConstants` (include/swift/ABI/Actor.h): state, whether it was escalated, priority.
    static let stateMask: UInt32 = 7
    static let knownFlags: UInt32 = 0xff17
    static let priorityShift: UInt32 = 8
    /// `ActiveActorStatus::ActorState`.
    enum State: UInt32 {
        case idle = 0
        case scheduled = 1
        case running = 2
        case ending = 3
    }

    /// Old runtimes kept marks in the low bits of a link to a job.
    static let jobMask: UInt64 = ~3
    /// `NeedsPreprocessing`: the job has not been sorted.
    static let isUnsortedMark: UInt64 = 1
    /// A header and the twelve words of `DefaultActor` (include/swift/ABI/Actor.h).
    static let smallest: UInt32 = 112
}

/// What a thread notes of the executor that it works for (`ExecutorTrackingInfo`,
/// stdlib/public/Concurrency/Actor.cpp): a record on its stack.
struct ExecutorTrackingLayout: Hashable, Sendable {
    /// `ActiveExecutor`: its identity, and its implementation.
    static let executor: UInt64 = 0
    static let implementation: UInt64 = 8
    /// `TaskExecutor`, its identity; nil where there is none, or it is not known whether.
    let taskExecutor: UInt64?
    /// `SavedInfo`: the record that this one shadows; nil where it is not known where it lies.
    let saved: UInt64?

    /// Since 6.0.
    static let withTaskExecutors = ExecutorTrackingLayout(taskExecutor: 16, saved: 56)
    /// Before.
    static let withoutTaskExecutors = ExecutorTrackingLayout(taskExecutor: nil, saved: 40)
    /// One of the two, whose first words are the same.
    static let unsure = ExecutorTrackingLayout(taskExecutor: nil, saved: nil)
}

/// References to executors (`SerialExecutorRef`, include/swift/ABI/Executor.h).
enum ExecutorLayout {
    /// The low bits of an implementation are marks: complex equality, immediate.
    static let implementationMask: UInt64 = ~7
}
