import AttachReport
import Glibc
import TestSupport

@testable import AttachCore

/// How far a snapshot of a fixture is what the fixture says of itself: the numbers of
/// docs/support.md.
struct TruthCount {
    /// Tasks of which everything but the code is as told, and how many the fixture has.
    private(set) var tasks = (right: 0, expected: 0)
    /// Stacks of tasks that are as told, and how many are told. Where the program has no names
    /// they are those of its twin at the addresses that were found.
    private(set) var stacks = (right: 0, expected: 0)
    /// Frames of the fixture's own code under a name that is not the code's.
    private(set) var wrongNames = 0
    /// Tasks that the fixture does not have.
    private(set) var ghosts = 0
    /// Stacks of threads that end too early or that are marked as uncertain, and all of them.
    private(set) var doubtful = (count: 0, threads: 0)
    /// What is not as told, in words.
    private(set) var differences: [String] = []

    /// Counts what was found of a fixture that was started under `name`.
    init(_ snapshot: Snapshot, of fixture: borrowing Fixture, _ name: String, _ mode: Fixture.Mode)
        throws
    {
        let names = try NamesOfTwin(
            of: name, mode, for: snapshot.tasks.map(\.frames) + snapshot.threads.map(\.frames))
        let facts = fixture.facts("task")
        tasks.expected = fixture.number("tasks") ?? facts.count
        countTasks(snapshot, facts.map { TaskTruth($0, mode: mode, fixture: name) }, names)
        for frame in (snapshot.tasks.map(\.frames) + snapshot.threads.map(\.frames)).joined()
        where names.isMisnamed(frame) {
            wrongNames += 1
            differences.append("wrong name: \(frame)")
        }
        doubtful.threads = snapshot.threads.count
        doubtful.count =
            Set(
                snapshot.coverage.gaps.map(\.subject).filter {
                    if case .stack = $0 { true } else { false }
                }
            ).count
    }

    private mutating func countTasks(
        _ snapshot: Snapshot, _ truths: [TaskTruth], _ names: NamesOfTwin
    ) {
        var unclaimed = snapshot.tasks
        for truth in truths {
            if truth.stackIsTold { stacks.expected += 1 }
            guard let index = unclaimed.firstIndex(where: { $0.id == truth.id }) else {
                differences.append("task \(truth.id) was not found")
                continue
            }
            var task = unclaimed.remove(at: index)
            task.frames = names.naming(task.frames)
            let facts = truth.isBusy ? [] : truth.factualDifferences(from: task)
            let stack = truth.isBusy ? [] : truth.stackDifferences(of: task)
            if facts.isEmpty { tasks.right += 1 }
            if truth.stackIsTold, stack.isEmpty { stacks.right += 1 }
            differences += (facts + stack).map { "task \(truth.id) \(truth.name ?? ""): \($0)" }
        }
        // Where not every task has a line of its own, their number has to do.
        let untold = max(0, tasks.expected - truths.count)
        tasks.right += min(untold, unclaimed.count)
        ghosts = max(0, unclaimed.count - untold)
        differences += unclaimed.dropFirst(untold).map { "no such task: \($0.id)" }
    }

    /// Whether everything is as the fixture told.
    var isPerfect: Bool {
        tasks.right == tasks.expected && stacks.right == stacks.expected && wrongNames == 0
            && ghosts == 0
    }

    /// Adds a line to the file that scripts such as `scripts/link-matrix` make a table of; there is
    /// none in an ordinary run of the tests.
    func record(_ fixture: String, _ mode: String, _ source: String) {
        guard let path = unsafe getenv("ASYNCATTACH_MATRIX_ROWS") else { return }
        let numbers = [
            tasks.right, tasks.expected, stacks.right, stacks.expected, wrongNames, ghosts,
            doubtful.count, doubtful.threads,
        ]
        let line =
            ([mode, fixture, source] + numbers.map(String.init)).joined(separator: " ") + "\n"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // One write, so that lines of tests that run side by side do not mix.
        let bytes = Array(line.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}
