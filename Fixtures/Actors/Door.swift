import Glibc
import Synchronization

/// An actor with a crowd before it, of all priorities, part of it sorted already.
actor Door {
    static let door = Door()
    private static let order = Mutex<[JSON]>([])
    private static let barriers = [Barrier(), Barrier()]
    private static let visitors = Atomic<Int>(0)
    nonisolated(unsafe) private static var tasks: [Task<Void, Never>] = []

    private func hold(_ barrier: Barrier) { barrier.wait() }

    private func visit(_ id: Int) { Self.order.withLock { $0.append(.number(id)) } }

    static func fill() async {
        // Holds the actor on a thread of its own.
        let executor = ThreadExecutor("door", asTask: true)
        Stage.kept.append(executor)
        await arrive(holding: barriers[0], on: executor)
        await arrive(.high, holding: barriers[1])
        for priority in [TaskPriority.medium, .utility, .medium, .background] {
            await arrive(priority)
        }
        // The next to hold it is the most urgent; whoever hands over sorts the others behind it.
        barriers[0].open()
        while !barriers[1].isReached { await Task.yield() }
        for priority in [TaskPriority.background, .medium, .high, .utility, .medium, .high] {
            await arrive(priority)
        }
        let thread = barriers[1].thread
        Stage.keep(
            door, "Door", "running", also: ["queued": 10, "thread": .number(thread)])
        for number in 0..<3 {
            let task = Task { @MainActor in Door.order.withLock { $0.append(.number(number)) } }
            tasks.append(task)
            Stage.say("mainVisitor", .number(TaskObject.of(task).id))
        }
    }

    /// Starts a task and returns once it is at the door, or holds it.
    private static func arrive(
        _ priority: TaskPriority = .medium, holding barrier: Barrier? = nil,
        on executor: ThreadExecutor? = nil
    ) async {
        let task = Task.detached(executorPreference: executor, priority: priority) {
            if let barrier {
                Stage.say(
                    barrier === barriers[1] ? "holder" : "former", .number(TaskObject.current().id))
                await door.hold(barrier)
            } else {
                await door.visit(TaskObject.current().id)
                Door.visitors.add(1, ordering: .releasing)
            }
            Held.touch()
        }
        tasks.append(task)
        let object = TaskObject.of(task)
        if let barrier, executor != nil {
            while !barrier.isReached { await Task.yield() }
        } else {
            while !object.isQueued(on: Stage.address(of: door)) { await Task.yield() }
        }
    }

    /// Lets them run, and says in which order they came.
    static func open(_ arguments: [String]) -> JSON {
        barriers[1].open()
        while visitors.load(ordering: .acquiring) < 10 { usleep(1000) }
        return ["order": .array(order.withLock { $0 })]
    }
}

/// Holds up the one thread that comes until it is opened.
final class Barrier: Sendable {
    private let state = Mutex<(thread: Int, isOpen: Bool)>((0, false))

    var isReached: Bool { thread != 0 }
    var thread: Int { state.withLock { $0.thread } }

    func wait() {
        state.withLock { $0.thread = Threads.current }
        while !state.withLock({ $0.isOpen }) { usleep(1000) }
    }

    func open() { state.withLock { $0.isOpen = true } }
}

extension TaskObject {
    /// Whether it queues on this actor. It may begin to run while it is looked at.
    func isQueued(on actor: UInt) -> Bool {
        guard isEnqueued, let record = UnsafePointer<UInt>(bitPattern: address + 160)?.pointee,
            record != 0, UnsafePointer<UInt32>(bitPattern: record + 32)?.pointee == 4
        else { return false }
        return UnsafePointer<UInt>(bitPattern: record + 16)?.pointee == actor
    }
}

/// The pool with nothing but blocked threads, and a row of tasks behind them.
enum Pool {
    nonisolated(unsafe) private static var tasks: [Task<Void, Never>] = []

    static func starve() async {
        let width = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        // Only the lowest priority: each has threads of its own.
        for _ in 0..<width {
            tasks.append(
                Task.detached(priority: .background) {
                    Pool.reached.add(1, ordering: .relaxed)
                    while true { pause() }
                })
        }
        while Pool.reached.load(ordering: .relaxed) < width { await Task.yield() }
        for _ in 0..<20 {
            let task = Task.detached(priority: .background) { Held.touch() }
            tasks.append(task)
            Stage.say("poolVisitor", .number(TaskObject.of(task).id))
        }
    }

    private static let reached = Atomic<Int>(0)
}
