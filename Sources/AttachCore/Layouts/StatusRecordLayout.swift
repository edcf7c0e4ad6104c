/// Status records (`TaskStatusRecord` and what derives from it, include/swift/ABI/TaskStatus.h),
/// the same since 5.7.
enum StatusRecordLayout {
    /// Flags, of which the low byte is the kind.
    static let flags: UInt64 = 0
    /// `Parent`: the next record outward.
    static let outer: UInt64 = 8
    /// `ChildTaskStatusRecord::FirstChild` and `TaskGroupTaskStatusRecord::FirstChild`.
    static let firstChild: UInt64 = 16
    /// `TaskGroupTaskStatusRecord::LastChild`.
    static let lastChild: UInt64 = 24
    /// `CancellationNotificationStatusRecord::Function`.
    static let handler: UInt64 = 16
    /// `TaskExecutorPreferenceStatusRecord::Preferred`, its identity; a mark stands before it.
    static let executor: UInt64 = 24
    /// `TaskNameStatusRecord::Name`, a C string (6.2 to 6.4).
    static let name: UInt64 = 16

    /// `TaskDependencyStatusRecord`: what is waited for, of an executor its witness table too,
    /// and what sort of thing it is, 32 bits.
    static let dependent: UInt64 = 16
    static let dependentWitnesses: UInt64 = 24
    static let dependencyKind: UInt64 = 32

    /// `StatusRecordKind` (include/swift/ABI/MetadataValues.h).
    enum Kind {
        static let dependency: UInt8 = 0
        static let asyncLet: UInt8 = 1
        static let taskGroup: UInt8 = 2
        static let cancellationHandler: UInt8 = 3
        static let executorPreference: UInt8 = 5
        static let name: UInt8 = 6
    }

    /// `TaskDependencyStatusRecord::DependencyKind`.
    enum DependencyKind: UInt32 {
        case task = 1
        case continuation = 2
        case group = 3
        case executor = 4
    }
}

/// A task group (`TaskGroupBase`, stdlib/public/Concurrency/TaskGroup.cpp).
struct TaskGroupLayout: Hashable, Sendable {
    /// The table of virtual functions.
    static let functions: UInt64 = 0
    /// `TaskGroupTaskStatusRecord`.
    static let record: UInt64 = 8
    /// A table begins with the offset to the top and the type, then come the functions (Itanium C++
    /// ABI, 2.5.2).
    static let functionsInTable: UInt64 = 16

    /// `status`: how many tasks are pending and ready, and marks.
    let status: UInt64

    /// `mutex_` lies between the record (32 bytes) and the status.
    init(mutexSize: UInt64) { status = Self.record + 32 + mutexSize }

    /// `GroupStatus` of `AccumulatingTaskGroup`: 31 bits pending, 31 bits ready. Of
    /// `DiscardingTaskGroup` 62 bits pending. Then marks: somebody waits, cancelled.
    static let countMask: UInt64 = 0x7fff_ffff
    static let readyShift: UInt64 = 31
    static let discardingMask: UInt64 = (1 << 62) - 1
    static let isCancelled: UInt64 = 1 << 63
}

/// The list of all living tasks that runtimes after 6.3 keep for debuggers, in pieces
/// (stdlib/public/Concurrency/TaskRegistry.h and TaskPrivate.h of the main branch).
struct TaskRegistryLayout: Hashable, Sendable {
    /// Where the pieces lie, one after another.
    static let symbol = "_swift_concurrency_task_registry"

    /// How many there are.
    let pieces: UInt64
    /// From one to the next: a cache line with its first task, a pthread mutex, and how many.
    let stride: UInt64
    /// In a task, behind the address of its dependency record: `registryNext`.
    let next: UInt64

    static let unreleased = TaskRegistryLayout(pieces: 64, stride: 64, next: 168)
}
