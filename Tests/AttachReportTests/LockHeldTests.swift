import AttachReport
import Testing

/// Locks that are not given back.
@Suite struct LockHeldTests {
    private static let lock: UInt64 = 0x7F20_0000_0000

    @Test("A lock whose owner does something else")
    func lockHeld() {
        func look(_ owner: ThreadStory, _ still: SecondLook) -> Told {
            diagnosis(
                threads: [owner, thread(52).waits(.lock, at: Self.lock, ownedBy: 51)], still: still)
        }
        let reads = thread(51).waits(.descriptor).at("hold() l.swift:2")
        #expect(look(reads, .none).summary == ["lock-held hint"])
        #expect(look(reads, .none).wantsSecondLook)
        #expect(look(reads, .all).summary == ["lock-held likely"])
        #expect(look(reads, .nothing).findings.isEmpty)
        #expect(look(reads, .only(threads: [52], tasks: [])).summary == ["lock-held hint"])
        #expect(look(thread(51).sleeps(nil), .none).summary == ["lock-held hint"])
        #expect(look(thread(51).sleeps(nil), .all).summary == ["lock-held likely"])
        #expect(look(thread(51).sleeps(3), .after(1, of: 1)).summary == ["lock-held hint"])
        // Computing, it will give it back.
        #expect(look(thread(51).at("work() l.swift:3"), .all).summary == ["lock-held hint"])
        #expect(look(thread(51).at("work() l.swift:3"), .none).wantsSecondLook == false)
    }

    @Test("A lock whose owner has ended")
    func orphan() {
        let threads = [
            thread(52).waits(.mutex, at: Self.lock, deadOwner: 51).at("f() l.swift:2"),
            thread(53).waits(.mutex, at: Self.lock, deadOwner: 51),
        ]
        #expect(diagnosis(threads: threads).summary == ["lock-held hint"])
        #expect(diagnosis(threads: threads).wantsSecondLook)
        #expect(diagnosis(threads: threads, still: .nothing).findings.isEmpty)
        let core = diagnosis(threads: threads) { $0.capture.source = .core }
        #expect(core.summary == ["lock-held likely"])
        let found = diagnosis(threads: threads, still: .all)
        #expect(found.summary == ["lock-held likely"])
        #expect(found.findings[0].subjects == [.lock(Address(Self.lock))])
        #expect(found.findings[0].affected == [.thread(52), .thread(53)])
        #expect(
            found.findings[0].message
                == "2 threads wait for a mutex whose owner, thread 51, has ended without giving it "
                + "back, in f() at l.swift:2")
    }

    @Test(
        "Waits without an owner are no one's fault",
        arguments: [
            ThreadWait.Kind.condition, .semaphore, .dispatchGroup, .childProcess, .descriptor,
            .futex,
        ])
    func ownerless(kind: ThreadWait.Kind) {
        let found = diagnosis(
            threads: [
                thread(50).waits(kind, at: Self.lock), thread(51).waits(kind, at: Self.lock),
            ],
            still: .all)
        #expect(found.findings.isEmpty)
    }
}
