import AttachReport
import Testing

@testable import AttachCore

/// Core files that a kernel of aarch64 wrote, read on any CPU.
@Suite(.timeLimit(.minutes(15)))
struct AArch64CoreTests {
    static let cores = ["aarch64-Structure", "aarch64-NativeThreads"]

    private func snapshot(of core: borrowing RecordedCore) -> Snapshot {
        var options = SnapshotOptions()
        options.frameLimit = 100_000
        var assembler = SnapshotAssembler(core.capture, options: options)
        return assembler.snapshot()
    }

    /// Through signal handlers on either stack, functions without unwind information, twenty
    /// thousand frames, and return addresses that are signed.
    @Test(arguments: cores)
    func stacksAreThoseOfGDB(_ name: String) throws {
        let core = try RecordedCore(name, .aarch64)
        let ready = UnwindOracle.Ready(core.capture)
        let stacks = ready.stacks()
        #expect(Set(stacks.keys) == Set(core.stacks.keys))
        for (thread, told) in core.stacks {
            let stack = try #require(stacks[thread])
            #expect(Array(UnwindOracle.addresses(stack).prefix(64)) == told, "thread \(thread)")
            #expect(stack.stoppedBecause == nil)
            #expect(stack.uncertainBecause == nil)
        }
    }

    @Test func threadsAreAsTheySayThemselves() throws {
        let core = try RecordedCore("aarch64-NativeThreads", .aarch64)
        let snapshot = snapshot(of: core)
        for fact in core.facts("thread") {
            let thread = try #require(
                snapshot.threads.first { Int($0.id) == fact["tid"] as? Int })
            var stack = try #require(fact["stack"] as? [String])
            if let repeats = fact["repeats"] as? [String: Int], let count = repeats["count"] {
                stack.insert(contentsOf: Array(repeating: stack[1], count: count - 1), at: 1)
            }
            let named = Set(stack)
            #expect(thread.frames.compactMap(\.symbol).filter(named.contains) == stack)
        }
    }

    @Test(arguments: cores)
    func systemCallsAreThoseOfTheKernel(_ name: String) throws {
        let core = try RecordedCore(name, .aarch64)
        let snapshot = snapshot(of: core)
        for thread in snapshot.threads {
            guard let told = core.calls[thread.id] else { continue }
            #expect(thread.systemCall?.number == told?.number, "thread \(thread.id)")
            #expect(thread.state == (told == nil ? .running : .sleeping))
            // Of a call that is not made again the kernel has put its result over an argument.
            guard let call = thread.systemCall, !call.arguments.isEmpty else { continue }
            #expect(call.arguments == told?.arguments, "thread \(thread.id)")
        }
        #expect(snapshot.threads.contains { $0.systemCall?.arguments.count == 6 })
    }

    @Test func tasksAreAsTheySayThemselves() throws {
        let core = try RecordedCore("aarch64-Structure", .aarch64)
        let snapshot = snapshot(of: core)
        #expect(snapshot.runtime.linkage == .static)
        #expect(snapshot.coverage.gaps.isEmpty)
        let facts = core.facts("task")
        #expect(facts.count == 21)
        #expect(snapshot.tasks.count == facts.count)
        for fact in facts {
            let id = try #require(fact["id"] as? Int)
            let task = try #require(snapshot.tasks.first { $0.id == UInt64(id) })
            let state = fact["state"] as? String
            #expect(task.address.description == fact["address"] as? String)
            #expect(task.state.rawValue == state)
            // The runtime drops the name of a completed task.
            if state != "completed" { #expect(task.name == fact["name"] as? String) }
            #expect(task.parent.map(Int.init) == fact["parent"] as? Int)
            #expect(task.isCancelled == fact["cancelled"] as? Bool)
            #expect(task.thread.map(Int.init) == fact["tid"] as? Int)
            if let isChild = fact["group"] as? Bool {
                #expect(task.flags.contains(.groupChild) == isChild)
            }
            if let isAsyncLet = fact["asyncLet"] as? Bool {
                #expect(task.flags.contains(.asyncLet) == isAsyncLet)
            }
            if let wait = fact["wait"] as? String { #expect(task.wait.kind.rawValue == wait) }
            let optional = Set(fact["stackOptional"] as? [String] ?? [])
            let stack = (fact["stack"] as? [String] ?? []).filter { !optional.contains($0) }
            let named = Set(stack)
            let found = task.frames.filter { $0.folding == nil }.compactMap(\.function)
            #expect(found.filter(named.contains) == stack, "task \(id)")
        }
        // It belongs to the thread that says in its own storage that it runs it.
        #expect(snapshot.tasks.count { $0.thread != nil } == 1)
    }

    /// A mutex of 48 bytes lies before what a group counts, not one of 40.
    @Test func groupsCountTheirUnfinishedChildren() throws {
        let snapshot = try snapshot(of: RecordedCore("aarch64-Structure", .aarch64))
        let unfinished = Set(snapshot.tasks.filter { $0.state != .completed }.map(\.id))
        #expect(snapshot.groups.count == 3)
        for group in snapshot.groups {
            #expect(group.pending == group.children.filter(unfinished.contains).count)
            #expect(group.pending > 0)
        }
    }
}
