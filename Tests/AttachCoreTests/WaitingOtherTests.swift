import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// Queues, times and calls of threads made by hand.
struct WaitingOtherTests {
    private static let word: UInt64 = 0x10030
    private static let queue: UInt64 = 0x20000

    // MARK: Dispatch

    private func sync(_ change: (inout MemoryBuilder) -> Void = { _ in }) -> ThreadWait? {
        var world = WaitingWorld()
        world.memory.put(Self.word - 40, Self.queue, 0, 0, 0, 0, 20 << 32 | 0xffff_ffff)
        for offset: UInt64 in stride(from: 0, to: 128, by: 8) {
            world.memory.put(Self.queue + offset, 0)
        }
        world.memory.put(Self.queue, WaitingWorld.types + 64)
        world.memory.put(Self.queue + 56, 0x001f_fe10_0000_0015)
        change(&world.memory)
        return world.wait(
            "futex", [Self.word, 0x80, 0xffff_ffff], "syscall",
            "_dispatch_futex_wait@libdispatch.so",
            "_dispatch_thread_event_wait_slow@libdispatch.so",
            "__DISPATCH_WAIT_FOR_QUEUE__@libdispatch.so")
    }

    @Test func aQueueSaysWhoDrainsIt() {
        #expect(sync()?.kind == .dispatchSync)
        #expect(sync()?.object == Address(Self.queue))
        #expect(sync()?.owner == 21)
        #expect(sync()?.label == nil)
    }

    @Test func aQueueThatTheWaiterHasLeadsToItsTarget() {
        let wait = sync { memory in
            memory.put(Self.queue + 56, 20)
            memory.put(Self.queue + 24, Self.queue + 0x1000)
            for offset: UInt64 in stride(from: 0, to: 128, by: 8) {
                memory.put(Self.queue + 0x1000 + offset, 0)
            }
            memory.put(Self.queue + 0x1000, WaitingWorld.types + 64)
            memory.put(Self.queue + 0x1000 + 56, 22)
        }
        #expect(wait?.object == Address(Self.queue + 0x1000))
        #expect(wait?.owner == 22)
        // Targets in a circle end the search.
        let circle = sync { memory in
            memory.put(Self.queue + 56, 20)
            memory.put(Self.queue + 24, Self.queue)
        }
        #expect(circle?.kind == .dispatchSync)
        #expect(circle?.owner == nil)
    }

    @Test func aQueueIsBelievedOnlyIfTheWaitersRecordIs() {
        let changes: [(inout MemoryBuilder) -> Void] = [
            { $0.put32(Self.word + 4, 21) },  // somebody else's
            { $0.put(Self.word - 40, 0) }, { $0.put(Self.word - 40, UInt64.max) },
            { $0.put(Self.word - 40, Self.queue + 4) }, { $0.put(Self.queue, 0x1234) },
            { $0.put(Self.queue, UInt64.max) },
        ]
        for change in changes {
            let wait = sync(change)
            #expect(wait?.kind == .dispatchSync)
            #expect(wait?.object == nil)
            #expect(wait?.owner == nil)
        }
        // It was woken already.
        #expect(sync { $0.put32(Self.word, 0) }?.owner == nil)
    }

    @Test func labelsAreCutAndNeverTrusted() {
        var memory = MemoryBuilder()
        // The table of offsets: version, label, its size.
        memory.put(0x30000, 6 | 72 << 16 | 8 << 32)
        memory.put(Self.word - 40, Self.queue, 0, 0, 0, 0, 20 << 32 | 0xffff_ffff)
        for offset: UInt64 in stride(from: 0, to: 128, by: 8) {
            memory.put(Self.queue + offset, 0)
        }
        memory.put(Self.queue, WaitingWorld.types + 64)
        func label(_ memory: MemoryBuilder) -> String? {
            let whole = memory.memory()
            let capture = Capture(
                architecture: .x86_64, process: ProcessRecord(pid: 20, name: ""),
                record: CaptureRecord(timeNanoseconds: 0, pauseNanoseconds: 0, bytes: 0),
                mappings: [WaitingWorld.library], threads: [WaitingWorld.thread(20)],
                memory: whole,
                files: [MappedFile(path: "/lib/libdispatch.so", device: 1, inode: 1, file: nil)],
                gaps: [])
            let objects = DispatchObjects(
                Target(capture, images: ImageTable(capture: capture)),
                numbers: ThreadNumbers(capture.threads, isNamespaced: false, isComplete: true)
            ) { Address(0x30000) }
            let call = SystemCall(
                number: 202, name: "futex", arguments: [Self.word, 0x80, 0xffff_ffff, 0, 0, 0])
            return FutexCall(call).flatMap { objects.sync($0, of: 20).label }
        }
        #expect(label(memory) == nil)
        memory.put(Self.queue + 72, 0x40000)
        #expect(label(memory) == nil)
        memory.put(0x40000, string: "a \u{1b}[31mqueue\n")
        #expect(label(memory) == "a \u{1b}[31mqueue\n")
        memory.put(0x40000, string: String(repeating: "x", count: 5000))
        #expect(label(memory)?.utf8.count == 256)
        memory.put(0x30000, 6 | 73 << 16 | 8 << 32)
        #expect(label(memory) == nil)
    }

    @Test func workersWithNothingToDoAreIdle() {
        let world = WaitingWorld()
        let worker = world.wait(
            "futex", [0x10000, 0x189, 0, 0x10100], nil, nil,
            "_dispatch_sema4_timedwait@libdispatch.so",
            "_dispatch_semaphore_wait_slow@libdispatch.so", "_dispatch_worker_thread@libdispatch.so"
        )
        #expect(worker?.isIdle == true)
        // What somebody does on a worker is not.
        let busy = world.wait(
            "futex", [0x10000, 0x189, 0], nil, nil, "_dispatch_sema4_wait@libdispatch.so",
            "_dispatch_semaphore_wait_slow@libdispatch.so", "work@program",
            "_dispatch_worker_thread@libdispatch.so")
        #expect(busy?.kind == .dispatchSemaphore)
        let manager = world.wait(
            "epoll_wait", [3, 0x10000, 16, 0xffff_ffff], "epoll_wait",
            "_dispatch_event_loop_drain@libdispatch.so", "_dispatch_mgr_invoke@libdispatch.so")
        #expect(manager?.isIdle == true)
        let loop = world.wait(
            "epoll_wait", [3, 0x10000, 16, 0xffff_ffff], "epoll_wait",
            "$s8NIOPosix5EpollO10epoll_wait4epfd@program",
            "$s8NIOPosix8SelectorC10whenReady0@program")
        #expect(loop?.isIdle == true)
        #expect(
            world.wait("epoll_wait", [3, 0, 16, 5], "epoll_wait", "mine@program")?.isIdle == false)
    }

    // MARK: Times

    @Test func deadlinesAreToldOnTheirClock() {
        var world = WaitingWorld()
        world.memory.put(0x10000, 1060, 0)
        let place: UInt64 = 0x10000
        let day = world.wait("futex", [0x5000, 0x189, 0, place], nil)
        #expect(day?.timeLeft == 60_000_000_000)
        #expect(day?.hasUnknownTimeout == false)
        #expect(world.wait("futex", [0x5000, 0x89, 0, place], nil)?.timeLeft == 560_000_000_000)
        // LOCK_PI is told on the clock of the day.
        #expect(world.wait("futex", [0x5000, 0x86, 0, place], nil)?.timeLeft == 60_000_000_000)
        // A time of its own start.
        let relative = world.wait("futex", [0x5000, 0x80, 0, place], nil)
        #expect(relative?.timeLeft == nil)
        #expect(relative?.hasUnknownTimeout == true)
        #expect(world.wait("clock_nanosleep", [7, 1, place, 0])?.timeLeft == 460_000_000_000)
        #expect(world.wait("clock_nanosleep", [77, 1, place, 0])?.hasUnknownTimeout == true)
        #expect(world.wait("clock_nanosleep", [0, 0, place, place])?.timeLeft == 1_060_000_000_000)
        #expect(world.wait("nanosleep", [place, 0])?.hasUnknownTimeout == true)
        world.memory.put(0x10000, 1, 0)
        #expect(world.wait("futex", [0x5000, 0x189, 0, place], nil)?.timeLeft == 0)
        world.clocks = nil
        #expect(world.wait("futex", [0x5000, 0x189, 0, place], nil)?.hasUnknownTimeout == true)
    }

    @Test func timesThatLieAreNotKnown() {
        var world = WaitingWorld()
        for (seconds, nanoseconds) in [
            (UInt64.max, UInt64(0)), (5, 1_000_000_000), (5, UInt64.max), (1 << 63, 0),
        ] {
            world.memory.put(0x10000, seconds, nanoseconds)
            let wait = world.wait("futex", [0x5000, 0x189, 0, 0x10000], nil)
            #expect(wait?.timeLeft == nil)
            #expect(wait?.hasUnknownTimeout == true)
        }
        world.memory.put(0x10000, UInt64(Int64.max), 0)
        #expect((world.wait("futex", [0x5000, 0x189, 0, 0x10000], nil)?.timeLeft ?? 0) > 1 << 62)
        for place in [UInt64.max, UInt64.max - 8, 0x1fff8] {
            #expect(world.wait("ppoll", [0, 0, place])?.hasUnknownTimeout == true)
        }
    }

    // MARK: Descriptors

    @Test func setsAreBounded() {
        var memory = MemoryBuilder()
        for index: UInt64 in 0..<200 { memory.put(0x10000 + index * 8, 1 << 32 | index) }
        func descriptors(_ name: String, _ arguments: [UInt64]) -> [Int32]? {
            let padded = arguments + Array(repeating: 0, count: 6 - arguments.count)
            return DescriptorArguments.descriptors(
                of: SystemCall(number: 7, name: name, arguments: padded), in: memory.memory())
        }
        #expect(descriptors("poll", [0x10000, 5])?.count == 5)
        #expect(descriptors("poll", [0x10000, .max])?.count == DescriptorArguments.limit)
        #expect(descriptors("poll", [0x10000 + 198 * 8, 50]) == [198, 199])
        #expect(descriptors("poll", [.max - 3, 50]) == [])
        #expect(descriptors("ppoll", [0, 1]) == [])
        memory.put(0x20000, .max, .max)
        #expect(descriptors("select", [70, 0x20000])?.count == DescriptorArguments.limit)
        #expect(descriptors("pselect6", [3, 0x20000]) == [0, 1, 2])
        #expect(descriptors("pselect6", [.max, 0x20008])?.count == 64)
        #expect(descriptors("select", [.max, .max, 1, .max]) == [])
        #expect(descriptors("read", [.max]) == [])
        #expect(descriptors("read", [5]) == [5])
        #expect(descriptors("splice", [5, 0, 5]) == [5])
        // F_GETFL does not wait.
        #expect(descriptors("fcntl", [5, 3]) == nil)
        #expect(descriptors("futex", [5]) == nil)
    }

    @Test func whoHasMovedOnLosesTheNames() {
        var world = WaitingWorld()
        world.descriptors = [5: OpenDescriptor(5, link: "pipe:[77]")]
        #expect(world.wait("read", [5])?.descriptors.first?.name == "pipe:[77]")
        world.waiter.hasMovedOn = true
        let wait = world.wait("read", [5])
        #expect(wait?.kind == .descriptor)
        #expect(wait?.descriptors == [DescriptorRecord(number: 5, kind: .other)])
        // As for a core file, of whose descriptors nobody knows.
        world.descriptors = [:]
        #expect(world.wait("read", [5])?.descriptors == [DescriptorRecord(number: 5, kind: .other)])
        #expect(world.wait("poll", [0, 0, 100])?.kind == .sleep)
    }

    @Test func otherCallsSayWhatTheyAre() {
        let world = WaitingWorld()
        #expect(world.wait("wait4", [77])?.kind == .childProcess)
        #expect(world.wait("waitid", [1, 77])?.kind == .childProcess)
        #expect(world.wait("vfork", [])?.kind == .childProcess)
        #expect(world.wait("rt_sigtimedwait", [1, 2, 3])?.hasUnknownTimeout == true)
        #expect(world.wait("rt_sigtimedwait", [1, 2, 0])?.kind == .signal)
        #expect(world.wait("semop", [])?.kind == .semaphore)
        #expect(world.wait("sched_yield", [])?.kind == .other)
    }

    /// Whatever lies where, in whatever call: nothing is trusted, and nobody is named who is not a
    /// thread.
    @Test func noiseNamesNobody() {
        var random = Seed()
        let sites = [
            "pthread_mutex_lock", "pthread_rwlock_rdlock", "pthread_rwlock_wrlock", "sem_wait",
            "pthread_cond_wait", "pthread_join", "_dispatch_once_wait",
            "__DISPATCH_WAIT_FOR_QUEUE__", "_dispatch_group_wait_slow",
            "_dispatch_semaphore_wait_slow", "_ZN5swift14threading_impl9once_slowEv",
        ]
        let calls = ["futex", "poll", "ppoll", "select", "clock_nanosleep", "epoll_wait", "fcntl"]
        for _ in 0..<2000 {
            var world = WaitingWorld()
            let base = UInt64.random(in: 0...UInt64.max, using: &random) & ~7
            for index: UInt64 in 0..<32 where base < UInt64.max - 256 {
                world.memory.put(
                    base + index * 8,
                    Bool.random(using: &random)
                        ? UInt64.random(in: 0...UInt64.max, using: &random)
                        : base &+ UInt64.random(in: 0..<256, using: &random))
            }
            let arguments = (0..<6).map { _ in
                Bool.random(using: &random)
                    ? base &+ UInt64.random(in: 0..<300, using: &random)
                    : UInt64.random(in: 0...1024, using: &random)
            }
            let wait = world.wait(
                calls.randomElement(using: &random) ?? "futex", arguments,
                sites.randomElement(using: &random))
            if let owner = wait?.owner { #expect((20...22).contains(owner)) }
        }
    }
}
