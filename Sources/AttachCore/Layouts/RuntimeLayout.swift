/// Where the parts of an `AsyncTask`, and of what hangs on it, lie for a range of runtime versions.
///
/// To add a version: read `AsyncTask::PrivateStorage` (stdlib/public/Concurrency/TaskPrivate.h) and
/// the fragments (include/swift/ABI/Task.h) of its sources, add a value, let `candidates` offer it
/// for what such a runtime exports, and run `scripts/check-layouts` with its toolchain. A layout is
/// used only after `LayoutCalibration` has seen it predict the root contexts of the tasks at hand.
///
/// What is the same in every version that we read stands beside it in this folder as constants.
struct RuntimeLayout: Hashable, Sendable {
    /// The Swift versions that have it.
    let versions: String
    /// `sizeof(AsyncTask)`: where the fragments begin.
    let taskSize: UInt64
    /// `ActiveTaskStatus`: flags in the first 32 bits.
    var status: UInt64 = 96
    /// `ActiveTaskStatus`, the lock of runtimes with priority escalation: 32 bits.
    var statusLock: UInt64 = 100
    /// `ActiveTaskStatus.Record`: the innermost status record.
    var records: UInt64 = 104
    /// `TaskAllocator.LastAllocation`: the header of the newest live allocation.
    var lastAllocation: UInt64 = 112
    /// `TaskAllocator.FirstSlab`.
    var firstSlab: UInt64 = 120
    /// High half of the task id, 32 bits.
    var identifierHigh: UInt64 = 144
    /// `BasePriority`, one byte.
    var basePriority: UInt64 = 152
    /// `dependencyRecord`: what the task waits for (5.9 and later; guarded by a status flag).
    var dependency: UInt64 = 160
    /// Bytes of the name fragment, which stands first (layout version 2 and later).
    var nameFragmentSize: UInt64 = 0
    /// Bytes of `ChildFragment`.
    var childFragmentSize: UInt64 = 16
    /// Where a dependency record names its own task; nil where it does not.
    var dependencyTask: UInt64? = 40
    /// How groups lie.
    var group = TaskGroupLayout(mutexSize: 40)
    /// What threads note of executors.
    var tracking = ExecutorTrackingLayout.withTaskExecutors
    /// How its default actors may lie in memory, the likeliest first.
    var actors: [DefaultActorLayout] = [.twoLists]
    /// The list of living tasks; nil where there is none.
    var registry: TaskRegistryLayout?
    /// Whether status or job bits may be set that we know no meaning of.
    var allowsUnknownBits = false

    /// The words of a task of any version that stay as they are while nothing happens to it: behind
    /// the links of the queues that it may be in, and before its slabs.
    static let stillWords: Range<UInt64> = JobLayout.flags..<192

    /// 6.1 added `statusLock`, a pthread mutex: 40 bytes on x86_64, 48 with glibc on aarch64.
    static let swift6_1 = RuntimeLayout(versions: "6.1-6.3", taskSize: 208)
    /// The same with a mutex of 48 bytes.
    static let swift6_1WideMutex = RuntimeLayout(
        versions: "6.1-6.3", taskSize: 224, group: TaskGroupLayout(mutexSize: 48))
    /// The last release without `statusLock`.
    static let swift6_0 = RuntimeLayout(versions: "6.0", taskSize: 192)
    /// From the reordering of the status (5.7) to the last release without task executors. What a
    /// task waits for is noted since 5.9.
    static let swift5_7 = RuntimeLayout(
        versions: "5.7-5.10", taskSize: 192, tracking: .withoutTaskExecutors, actors: [.oneList])
    /// One of these two, of a runtime that does not say which.
    static let without6_1Lock = RuntimeLayout(
        versions: "5.7-6.0", taskSize: 192, tracking: .unsure, actors: [.twoLists, .oneList])

    /// Layout versions 2 and 3: names in a fragment of their own; children linked in both
    /// directions, or as before.
    static func unreleased(taskSize: UInt64) -> [RuntimeLayout] {
        [24, 16].map { size in
            RuntimeLayout(
                versions: "after 6.3", taskSize: taskSize, nameFragmentSize: 16,
                childFragmentSize: size, dependencyTask: nil, registry: .unreleased,
                allowsUnknownBits: true)
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
