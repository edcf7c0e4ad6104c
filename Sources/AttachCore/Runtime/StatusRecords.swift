/// What a task's list of status records says (`TaskStatusRecord`, include/swift/ABI/TaskStatus.h).
struct StatusRecords {
    /// Where child tasks hang.
    enum Children {
        /// The child of an `async let`.
        case asyncLet(first: UInt64)
        /// The children of a group, whose record lies at this address.
        case group(record: UInt64, first: UInt64)
    }

    /// Address of the task's name, a C string; 0 without one.
    var name: UInt64 = 0
    /// The task executor it prefers; 0 without one.
    var executor: UInt64 = 0
    /// Whether it has a record that prefers no executor, as `Task.immediate` makes it.
    var prefersNone = false
    /// Whether somebody is to be told of its cancellation.
    var hasCancellationHandler = false
    /// A dependency record met in the list; 0 without one.
    var dependency: UInt64 = 0
    /// Innermost first.
    var children: [Children] = []
    /// Why the list could not be read to its end.
    var trouble: Trouble?

    enum Trouble {
        case stopped(BoundedWalk.Stop)
        case unreadable(UInt64)
    }

    /// The most records that a task may have.
    static let limit = 1_000_000

    /// Reads the list that begins at `head`, innermost first.
    static func read(
        from head: UInt64, walk: inout BoundedWalk, reader: inout WordReader
    ) -> StatusRecords {
        var result = StatusRecords()
        walk.restart()
        var record = head
        while record != 0 {
            if let stop = walk.step(to: record) {
                result.trouble = .stopped(stop)
                break
            }
            guard record & 7 == 0, let flags = reader.word(record, StatusRecordLayout.flags),
                let outer = reader.word(record, StatusRecordLayout.outer)
            else {
                result.trouble = .unreadable(record)
                break
            }
            if !result.take(record, kind: UInt8(truncatingIfNeeded: flags), &reader) {
                result.trouble = .unreadable(record)
            }
            record = outer
        }
        return result
    }

    /// Takes what one record says; whether all of it could be read.
    private mutating func take(
        _ record: UInt64, kind: UInt8, _ reader: inout WordReader
    ) -> Bool {
        typealias Kind = StatusRecordLayout.Kind
        switch kind {
        case Kind.dependency:
            if dependency == 0 { dependency = record }
        case Kind.asyncLet:
            guard let first = reader.word(record, StatusRecordLayout.firstChild) else {
                return false
            }
            if first != 0 { children.append(.asyncLet(first: first)) }
        case Kind.taskGroup:
            let first = reader.word(record, StatusRecordLayout.firstChild)
            children.append(.group(record: record, first: first ?? 0))
            return first != nil
        case Kind.cancellationHandler:
            hasCancellationHandler = true
        case Kind.executorPreference:
            guard let identity = reader.word(record, StatusRecordLayout.executor) else {
                return false
            }
            if identity == 0 {
                prefersNone = true
            } else if executor == 0 {
                executor = identity
            }
        case Kind.name:
            guard let text = reader.word(record, StatusRecordLayout.name) else { return false }
            if name == 0 { name = text }
        default:
            // Newer runtimes have more kinds; the link is in the same place.
            break
        }
        return true
    }
}

/// What a task waits for (`TaskDependencyStatusRecord`, include/swift/ABI/TaskStatus.h).
struct TaskDependency {
    typealias Kind = StatusRecordLayout.DependencyKind

    /// What sort of thing.
    var kind: Kind
    /// The task, context, group or executor.
    var subject: UInt64
    /// For an executor its implementation: 0 for a default actor.
    var implementation: UInt64

    /// The record of a task; nil without one, or where it is another task's.
    init?(of task: TaskHeader, layout: RuntimeLayout, reader: inout WordReader) {
        guard task.status.contains(.hasDependency), task.dependency != 0,
            let subject = reader.word(task.dependency, StatusRecordLayout.dependent),
            let second = reader.word(task.dependency, StatusRecordLayout.dependentWitnesses),
            let raw = reader.half(task.dependency &+ StatusRecordLayout.dependencyKind),
            let kind = Kind(rawValue: raw)
        else { return nil }
        if let place = layout.dependencyTask {
            guard reader.word(task.dependency, place) == task.address else { return nil }
        }
        self.kind = kind
        self.subject = subject
        self.implementation = second
    }
}
