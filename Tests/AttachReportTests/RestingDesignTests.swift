import Testing

@testable import AttachReport

/// Threads that wait for a lock because there is nothing to do, and those that only look like it.
@Suite struct RestingDesignTests {
    private static let lock: UInt64 = 0x7F20_0000_0000

    /// A thread in a call of `serve`, which all of them were started with.
    private static func stack(
        _ story: ThreadStory, _ inner: String, serveAt address: UInt64,
        in function: String = "serve"
    ) -> ThreadStory {
        story.changed {
            let names: [(String, UInt64)] = [
                (inner, 0x10), (function, address), ("entry", 0x300), ("start_thread", 0x400),
            ]
            $0.frames = names.enumerated().map { number, frame in
                Frame(
                    kind: number == 0 ? .programCounter : .returnAddress,
                    address: Address(frame.1), function: frame.0, symbol: frame.0, image: "server")
            }
        }
    }

    private static func leader(_ call: String = "read") -> ThreadStory {
        stack(thread(51).waits(.descriptor), call, serveAt: 0x200).changed {
            $0.systemCall = SystemCall(number: 0, name: call, arguments: [])
        }
    }

    private static func follower(_ id: Int32, in function: String = "serve") -> ThreadStory {
        stack(
            thread(id).waits(.lock, at: lock, ownedBy: 51), "lock", serveAt: 0x210, in: function)
    }

    @Test("Leader and followers are never more than a hint, and not worth waiting for")
    func leaderAndFollowers() {
        for still in [SecondLook.none, .after(1, of: 5), .after(5, of: 5)] {
            let found = diagnosis(
                threads: [Self.leader(), Self.follower(52), Self.follower(53)], still: still)
            #expect(found.summary == ["lock-held hint"])
            #expect(!found.wantsSecondLook)
        }
        // Accepting connections is the same; sending is not.
        #expect(
            diagnosis(threads: [Self.leader("accept4"), Self.follower(52)], still: .all).summary
                == ["lock-held hint"])
        #expect(
            diagnosis(threads: [Self.leader("sendto"), Self.follower(52)], still: .all).summary
                == ["lock-held likely"])
    }

    @Test("Somebody else who needs the lock is held up")
    func others() {
        let other = diagnosis(
            threads: [Self.leader(), Self.follower(52), Self.follower(53, in: "update")],
            still: .all)
        #expect(other.summary == ["lock-held likely"])
        let ofTask = diagnosis(
            tasks: [task(5).runs(on: 52)],
            threads: [Self.leader(), Self.follower(52).runs(task: 5)], still: .all)
        #expect(ofTask.summary == ["lock-held likely"])
        // Who has another lock keeps others from it.
        let chain = diagnosis(
            threads: [
                Self.leader(), Self.follower(52),
                thread(54).waits(.mutex, at: Self.lock + 64, ownedBy: 52),
            ], still: .all)
        #expect(chain.summary == ["lock-held likely"])
    }

    @Test("A lock whose owner has nothing to do may be a semaphore, if it holds up only a thread")
    func idleOwner() {
        let waiter = thread(52).waits(.mutex, at: Self.lock, ownedBy: 51)
        #expect(
            diagnosis(threads: [thread(51).isIdle(), waiter], still: .all).summary
                == ["lock-held hint"])
        let ofTask = diagnosis(
            tasks: [task(5).runs(on: 52)], threads: [thread(51).isIdle(), waiter.runs(task: 5)],
            still: .all)
        #expect(ofTask.summary == ["lock-held likely"])
    }

    @Test("So may one that a thread waits for which has it itself")
    func ownOwner() {
        let own = thread(52).waits(.mutex, at: Self.lock, ownedBy: 52)
        #expect(diagnosis(threads: [own], still: .all).summary == ["deadlock hint"])
        #expect(!diagnosis(threads: [own]).wantsSecondLook)
        // But not where that keeps others waiting, or is the first thread of the process.
        let other = thread(53).waits(.mutex, at: Self.lock, ownedBy: 52)
        #expect(diagnosis(threads: [own, other], still: .all).summary == ["deadlock likely"])
        #expect(diagnosis(threads: [own, other], still: .nothing).findings.isEmpty)
        let early = diagnosis(threads: [own, other], still: .after(1, of: 5))
        #expect(early.summary == ["deadlock hint"] && early.wantsSecondLook)
        let first = thread(4242).waits(.mutex, at: Self.lock, ownedBy: 4242)
        #expect(diagnosis(threads: [first], still: .all).summary == ["deadlock likely"])
        let ofTask = diagnosis(
            tasks: [task(5).runs(on: 52)], threads: [own.runs(task: 5)], still: .all)
        #expect(ofTask.summary == ["deadlock likely"])
        // A queue or a Mutex that is one's own cannot be given back by another.
        let queue = thread(52).waits(.dispatchSync, at: Self.lock, ownedBy: 52)
        #expect(diagnosis(threads: [queue]).summary == ["deadlock proven"])
    }
}
