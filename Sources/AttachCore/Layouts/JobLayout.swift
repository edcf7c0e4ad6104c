/// The object that every job begins with; the same since Swift 5.5 (`class Job`,
/// include/swift/ABI/Task.h).
enum JobLayout {
    /// `SchedulerPrivate[0]`: the next job of a queue, meaningful only while in one.
    static let link: UInt64 = 16
    /// `SchedulerPrivate[1]`: the dispatch queue of the last enqueue.
    static let queue: UInt64 = 24
    /// `JobFlags`, 32 bits.
    static let flags: UInt64 = 32
    /// Low half of the task id.
    static let identifier: UInt64 = 36
    /// `Voucher`: on Linux 0, or -1 for a dead one.
    static let voucher: UInt64 = 40
    /// `ResumeTask`, code; of a job that is no task `RunJob`.
    static let resume: UInt64 = 56
    /// `ResumeContext`. Behind the header of a job that is no task: in `ProcessOutOfLineJob` the
    /// actor (stdlib/public/Concurrency/Actor.cpp), in `NullaryContinuationJob` the task
    /// (stdlib/public/Concurrency/TaskPrivate.h).
    static let context: UInt64 = 64
    /// In `NullaryContinuationJob` its continuation, which is the task again.
    static let continuation: UInt64 = 72
    /// Jobs begin at multiples of this.
    static let alignment: UInt64 = 16
}

/// `JobFlags` (include/swift/ABI/MetadataValues.h).
struct JobFlags: OptionSet, Hashable, Sendable {
    let rawValue: UInt32
    static let isChild = JobFlags(rawValue: 1 << 24)
    static let isFuture = JobFlags(rawValue: 1 << 25)
    static let isGroupChild = JobFlags(rawValue: 1 << 26)
    static let isAsyncLet = JobFlags(rawValue: 1 << 28)
    static let hasInitialExecutorPreference = JobFlags(rawValue: 1 << 29)
    static let hasInitialName = JobFlags(rawValue: 1 << 30)
    /// Bits that no release sets: 16-23, 27, 31.
    static let reserved = JobFlags(rawValue: 0x88ff_0000)

    /// The kind of a job that runs an actor (`ProcessOutOfLineJob`).
    static let actorKind: UInt32 = 193
    /// The kind of a job that resumes a continuation and carries nothing (`Task.yield`).
    static let nullaryContinuationKind: UInt32 = 195

    /// 0 for a task.
    var kind: UInt32 { rawValue & 0xff }
    /// The priority it was last enqueued with.
    var priority: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) }
}

/// `ActiveTaskStatus` flags (stdlib/public/Concurrency/TaskPrivate.h).
struct TaskStatus: OptionSet, Hashable, Sendable {
    let rawValue: UInt32
    static let isCancelled = TaskStatus(rawValue: 0x100)
    static let isRecordLocked = TaskStatus(rawValue: 0x200)
    static let isEscalated = TaskStatus(rawValue: 0x400)
    static let isRunning = TaskStatus(rawValue: 0x800)
    static let isEnqueued = TaskStatus(rawValue: 0x1000)
    static let isComplete = TaskStatus(rawValue: 0x2000)
    static let hasDependency = TaskStatus(rawValue: 0x4000)
    static let hasExecutorPreference = TaskStatus(rawValue: 0x8000)
    /// Everything that a release up to 6.3 can set, the priority included.
    static let known = TaskStatus(rawValue: 0x1_ffff)

    /// The priority it runs at.
    var priority: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
}

/// Whether a byte is a priority that the runtime gives to tasks (`JobPriority`,
/// include/swift/ABI/MetadataValues.h).
@inline(__always)
func isTaskPriority(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, 0x09, 0x11, 0x15, 0x19, 0x21: true
    default: false
    }
}
