import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// What threads are for, told by their stacks.
@Suite(.timeLimit(.minutes(15)))
struct ThreadRoleTests {
    private static func stack(_ symbols: String?...) -> [Frame] {
        symbols.map { Frame(kind: .returnAddress, function: $0, symbol: $0) }
    }

    private static func role(
        _ frames: [Frame], name: String = "", mayServeMain: Bool = false
    ) -> ThreadRecord.Role? {
        ThreadRole.role(frames: frames, name: name, mayServeMain: mayServeMain)
    }

    @Test(arguments: ["_dispatch_worker_thread", "_dispatch_root_queue_drain.constprop.0"])
    func workers(symbol: String) {
        let frames = Self.stack("read", "$s4bank5blockyyF", symbol, "start_thread", "clone3")
        #expect(Self.role(frames) == .poolWorker)
        #expect(Self.role(frames, name: "oot.overcommit") == .queueWorker)
        // Only what is at the outer end is what the thread was started for.
        let inner = Self.stack(symbol, "a", "b", "c", "d", "e", "f")
        #expect(Self.role(inner) == .other)
    }

    @Test func namesTellWhereSymbolsDoNot() {
        let bare = Self.stack(nil, nil)
        #expect(Self.role(bare, name: "oot.default-qos") == .poolWorker)
        #expect(Self.role(bare, name: "default-qos") == .poolWorker)
        #expect(Self.role(bare, name: "oot.overcommit") == .queueWorker)
        #expect(Self.role(bare, name: "bank") == nil)
        #expect(Self.role([], name: "bank") == nil)
        #expect(Self.role(Self.stack("main"), name: "oot.default-qos") == .other)
    }

    @Test(arguments: [
        "CFRunLoopRun", "_dispatch_sigsuspend", "swift_task_asyncMainDrainQueueImpl",
        "_dispatch_main_queue_drain", "dispatch_main",
    ])
    func onlyTheMainThreadServesTheMainQueue(symbol: String) {
        let frames = Self.stack("epoll_wait", symbol, "main")
        #expect(Self.role(frames, mayServeMain: true) == .mainQueue)
        #expect(Self.role(frames) != .mainQueue)
    }

    @Test func loopsOfOtherThreads() {
        #expect(Self.role(Self.stack("poll", "__CFRunLoopRun", "work")) == .eventLoop)
        let loop = "$s8NIOPosix19SelectableEventLoopC3runyyKF"
        #expect(Self.role(Self.stack("write", loop), mayServeMain: true) == .eventLoop)
    }

    @Test(arguments: Fixture.Mode.compiled)
    func rolesOfALiveProcess(mode: Fixture.Mode) throws {
        let fixture = try Fixture("Running", mode: mode)
        let snapshot = try WaitingLiveTests.snapshot(of: fixture.pid)
        let running = snapshot.threads.filter { $0.task != nil }
        #expect(running.contains { $0.role == .poolWorker })
        #expect(!running.contains { $0.role == .mainQueue && $0.id != fixture.pid })
        #expect(snapshot.threads.allSatisfy { $0.role != nil || $0.frames.isEmpty })
    }
}
