/// Recognises the tasks that `Task.sleep` makes for its timer.
///
/// Such a task has never run: a timer holds it. Its closure holds a token, a word in memory of its
/// own, which is the sleeping task while that sleeps, and a small number once the sleep has ended
/// or was cancelled (`SleepState`, stdlib/public/Concurrency/TaskSleep.swift).
struct SleepHelpers {
    /// Positions of the helpers.
    private(set) var helpers: Set<Int> = []
    /// Positions of the tasks that sleep.
    private(set) var sleepers: Set<Int> = []
    /// Addresses of sleeping tasks by the positions of their helpers.
    private(set) var sleeperOfHelper: [Int: UInt64] = [:]

    init(_ view: inout RuntimeView) {
        var entries: Set<UInt64> = []
        var unpaired: [(position: Int, entry: UInt64, closure: UInt64)] = []
        for (position, task) in view.tasks.enumerated() where Self.couldBe(task, &view) {
            guard let entry = EntryPoint(of: task, &view.reader), entry.closure & 7 == 0,
                entry.closure != 0,
                let token = view.reader.word(entry.closure, LibraryLayout.sleepToken),
                token & 7 == 0, token != 0, let word = view.reader.word(token)
            else { continue }
            if let sleeper = view.position(of: word), sleeper != position,
                TaskDependency(of: view.tasks[sleeper], layout: view.layout, reader: &view.reader)?
                    .kind == .continuation
            {
                helpers.insert(position)
                sleepers.insert(sleeper)
                sleeperOfHelper[position] = word
                entries.insert(entry.function)
            } else if LibraryLayout.sleepEnded.contains(word) || view.position(of: word) != nil {
                unpaired.append((position, entry.function, token))
            }
        }
        // A timer outlives a cancelled sleep. Known by the entry point, or by the image.
        for helper in unpaired
        where entries.contains(helper.entry) || view.location.holdsCode(helper.entry) {
            helpers.insert(helper.position)
        }
    }

    /// Not queued, not run, a plain unstructured task.
    private static func couldBe(_ task: TaskHeader, _ view: inout RuntimeView) -> Bool {
        task.context == task.root
            && task.flags.isDisjoint(with: [.isChild, .isGroupChild, .isAsyncLet, .hasInitialName])
            && task.status.isDisjoint(with: [
                .isRunning, .isEnqueued, .isComplete, .hasDependency,
            ])
            && (view.isUnstarted(task)
                || (view.location.startAdapters.isEmpty
                    && view.location.adapters.isEmpty))
    }
}
