import AttachReport

/// Which native frames are whose. `Task.immediate` runs a task on top of the one that makes it, so
/// that a thread can run several, the innermost first.
struct RunningTasks {
    /// One task on a thread, with the end of its native frames.
    private struct Place {
        var task: UInt64
        var end: Int
    }

    private var places: [Int32: [Place]] = [:]

    /// The running ones of these tasks.
    init(_ tasks: [RawTask]) {
        for task in tasks where task.record.state == .running {
            guard let thread = task.record.thread else { continue }
            places[thread, default: []].append(
                Place(task: task.record.id, end: task.nativeFrameCount ?? .max))
        }
        for thread in places.keys { places[thread]?.sort { ($0.end, $0.task) < ($1.end, $1.task) } }
    }

    /// The task whose code a thread runs; nil for none.
    func innermost(on thread: Int32) -> UInt64? { places[thread]?.first?.task }

    /// Where a task's frames lie on its thread's stack; nil where that could not be told.
    func nativeFrames(of task: RawTask) -> Range<Int>? {
        guard let end = task.nativeFrameCount, let thread = task.record.thread else { return nil }
        let start = places[thread]?.last { $0.end < end }?.end ?? 0
        return start..<end
    }
}
