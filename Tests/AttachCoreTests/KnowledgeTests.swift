import AttachReport
import Testing

@testable import AttachCore

/// What is known of libraries by the names of their functions.
struct KnowledgeTests {
    private func stack(_ symbols: String...) -> [Frame] {
        symbols.map { symbol in
            Frame(
                kind: .returnAddress, address: Address(0x1000), symbol: symbol, image: "program")
        }
    }

    private static let run = "$s8NIOPosix19SelectableEventLoopC3runyyKF"
    private static let start = "$s8NIOPosix30MultiThreadedEventLoopGroupC"

    /// A loop with nothing to do is in its selector; blocked, it is in somebody else's code.
    @Test func loopsOfNIO() {
        let idle = stack(
            "epoll_wait", "$s8NIOPosix5EpollO10epoll_wait4epfd",
            "$s8NIOPosix8SelectorC10whenReady0",
            Self.run, Self.start, "start_thread")
        #expect(WaitSiteFinder.site(of: idle) == .eventLoop)
        #expect(LibraryKnowledge.loop(of: idle)?.library == "SwiftNIO")
        let blocked = stack(
            "__futex_abstimed_wait_common", "pthread_cond_wait", "$s6server7handlerC4readyyF",
            "$s8NIOPosix17BaseSocketChannelC8readableyyF", Self.run, Self.start, "start_thread")
        #expect(WaitSiteFinder.site(of: blocked) == .condition)
        #expect(LibraryKnowledge.loop(of: blocked)?.library == "SwiftNIO")
        let other = stack("epoll_wait", "$s6server4mainyyF", Self.start)
        #expect(WaitSiteFinder.site(of: other) == nil)
        #expect(LibraryKnowledge.loop(of: other) == nil)
    }

    /// A run loop inside a handler of a loop is not what the thread is for.
    @Test func theOutermostLoopCounts() {
        let nested = stack("poll", "__CFRunLoopRun", "$s6server7handlerC4readyyF", Self.run)
        #expect(LibraryKnowledge.loop(of: nested)?.library == "SwiftNIO")
        #expect(LibraryKnowledge.loop(of: stack("poll", "__CFRunLoopRun"))?.library == "Foundation")
        #expect(
            LibraryKnowledge.loop(of: stack("epoll_wait", "_dispatch_mgr_thread"))?.library
                == "libdispatch")
    }

    /// What is further out knows better where it is made of the inner, and nowhere else.
    @Test(
        arguments: [
            (["sem_wait", "_dispatch_semaphore_wait_slow", "main"], .dispatchSemaphore),
            (
                ["sem_timedwait", "_dispatch_semaphore_wait_slow", "_dispatch_worker_thread"],
                .idleDispatch
            ),
            (["pthread_mutex_lock", "pthread_cond_wait"], .mutex),
            (["pthread_mutex_lock", "swift_getGenericMetadata"], .runtimeMutex),
            (["pthread_mutex_lock", "sem_wait"], .mutex),
            (
                [
                    "poll", "__CFRunLoopRun", "CFRunLoopRunSpecific",
                    "$s10Foundation7ProcessC13waitUntilExityyF",
                ], .childProcess
            ),
            (["syscall", "_ZN5swift14threading_impl9once_slowERNS0_6once_tE"], .swiftOnce),
            (["syscall", "_ZN5swift14threading_impl20lock_slow"], .swiftRuntimeLock),
            (["syscall", "$s15Synchronization12_MutexHandleV9_lockSlow"], .swiftMutex),
            (["main", "pthread_mutex_lock"], nil),
        ] as [([String], WaitSite?)])
    func sitesOfStacks(symbols: [String], site: WaitSite?) {
        let frames = symbols.flatMap { stack($0) }
        #expect(WaitSiteFinder.site(of: frames) == site)
    }

    /// Every name says one thing, whichever library is asked first.
    @Test func noNameIsKnownTwice() {
        var seen: Set<String> = []
        for library in LibraryKnowledge.all {
            for name in library.sites.keys {
                #expect(seen.insert(name).inserted, "\(name)")
                #expect(!library.passed.contains(name), "\(name)")
            }
        }
        #expect(seen.count > 60)
    }
}
