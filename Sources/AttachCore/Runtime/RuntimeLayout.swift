/// Offsets in the object that every job begins with, in bytes; the same since Swift 5.5
/// (`class Job`, include/swift/ABI/Task.h).
enum JobLayout {
    /// Reference counts (`HeapObject::refCounts`).
    static let references: UInt64 = 8
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
    /// `ResumeTask`, code.
    static let resume: UInt64 = 56
    /// `ResumeContext`; in a nullary continuation job its continuation, in an actor job the actor.
    static let context: UInt64 = 64
}

/// Where the parts of an `AsyncTask` lie, for a range of runtime versions.
///
/// To add a version: read `AsyncTask::PrivateStorage` (stdlib/public/Concurrency/TaskPrivate.h)
/// and the fragments (include/swift/ABI/Task.h) of its sources, add a value, let `candidates`
/// offer it for what such a runtime exports, and run the live tests on it. A layout is used only
/// after `LayoutCalibration` has seen it predict the root contexts of the tasks at hand.
struct RuntimeLayout: Hashable, Sendable {
    /// The Swift versions that have it.
    let versions: String
    /// `sizeof(AsyncTask)`: where the fragments begin.
    let taskSize: UInt64
    /// `ActiveTaskStatus`: flags in the first 32 bits.
    var status: UInt64 = 96
    /// `ActiveTaskStatus.Record`: the innermost status record.
    var records: UInt64 = 104
    /// `Allocator`: the header of the newest live allocation.
    var lastAllocation: UInt64 = 112
    /// High half of the task id, 32 bits.
    var identifierHigh: UInt64 = 144
    /// `BasePriority`, one byte.
    var basePriority: UInt64 = 152
    /// `dependencyRecord`: what the task waits for (5.9 and later; guarded by a status flag).
    var dependency: UInt64 = 160
    /// Whether a dependency record names its own task behind the kind.
    var dependencyNamesTask = true
    /// Bytes of the name fragment, which stands first (layout version 2 and later).
    var nameFragmentSize: UInt64 = 0
    /// Bytes of `ChildFragment`.
    var childFragmentSize: UInt64 = 16
    /// Whether every runtime that has it knows of task executors (6.0 and later).
    var hasTaskExecutors = true
    /// How its default actors may lie in memory, the likeliest first.
    var actors: [DefaultActor.Layout] = [.twoLists]
    /// Whether status or job bits may be set that we know no meaning of.
    var allowsUnknownBits = false

    /// 6.1 added `statusLock`, a pthread mutex: 40 bytes on x86_64, 48 with glibc on aarch64.
    static let swift6_1 = RuntimeLayout(versions: "6.1-6.3", taskSize: 208)
    /// The same with a mutex of 48 bytes.
    static let swift6_1WideMutex = RuntimeLayout(versions: "6.1-6.3", taskSize: 224)
    /// The last release without `statusLock`.
    static let swift6_0 = RuntimeLayout(versions: "6.0", taskSize: 192)
    /// From the reordering of the status (5.7) to the last release without task executors. What a
    /// task waits for is noted since 5.9.
    static let swift5_7 = RuntimeLayout(
        versions: "5.7-5.10", taskSize: 192, hasTaskExecutors: false, actors: [.oneList])
    /// One of these two, of a runtime that does not say which.
    static let without6_1Lock = RuntimeLayout(
        versions: "5.7-6.0", taskSize: 192, hasTaskExecutors: false,
        actors: [.twoLists, .oneList])

    /// Layout versions 2 and 3: names in a fragment of their own; children linked in both
    /// directions, or as before.
    static func unreleased(taskSize: UInt64) -> [RuntimeLayout] {
        [24, 16].map { size in
            RuntimeLayout(
                versions: "after 6.3", taskSize: taskSize, dependencyNamesTask: false,
                nameFragmentSize: 16, childFragmentSize: size, allowsUnknownBits: true)
        }
    }

    /// What layouts a runtime may have, by what it says of itself; the likeliest first.
    ///
    /// - Parameters:
    ///   - version: `_swift_concurrency_debug_internal_layout_version`, low 24 bits.
    ///   - size: `_swift_concurrency_debug_asyncTaskSize`.
    ///   - speaks: Whether the runtime exports debug variables at all.
    ///   - hasTaskExecutors: Whether it exports functions for them.
    static func candidates(
        version: UInt32?, size: UInt64?, speaks: Bool, hasTaskExecutors: Bool
    ) -> [RuntimeLayout] {
        let old = hasTaskExecutors ? swift6_0 : swift5_7
        return switch (version, size) {
        case (1, let size?):
            [swift6_1, swift6_1WideMutex].filter { $0.taskSize == size }
        case (1, nil):
            [swift6_1, swift6_1WideMutex]
        case (2, let size?), (3, let size?):
            size.isMultiple(of: 16) && (192...512).contains(size)
                ? unreleased(taskSize: size) : []
        case (_?, _):
            []
        case (nil, let size?):
            [old].filter { $0.taskSize == size }
        case (nil, nil):
            speaks ? [old] : [swift6_1, without6_1Lock, swift6_1WideMutex]
        }
    }
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

/// `StatusRecord` kinds (include/swift/ABI/MetadataValues.h).
enum StatusRecordKind {
    static let dependency: UInt8 = 0
    static let asyncLet: UInt8 = 1
    static let taskGroup: UInt8 = 2
    static let cancellationHandler: UInt8 = 3
    static let executorPreference: UInt8 = 5
    static let name: UInt8 = 6
}

/// Whether a byte is a priority that the runtime gives to tasks (`JobPriority`).
@inline(__always)
func isTaskPriority(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, 0x09, 0x11, 0x15, 0x19, 0x21: true
    default: false
    }
}
