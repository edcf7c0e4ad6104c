import AttachReport
import Testing

@testable import AttachCore

/// Locks in memory made by hand, hostile memory included: an owner is named only where it is
/// certain.
struct WaitingLockTests {
    private static let lock: UInt64 = 0x10000
    private static let private_: UInt64 = 0x80

    private func mutex(
        word: UInt32, owner: UInt32, kind: UInt32 = 0, operation: UInt64 = private_,
        _ change: (inout WaitingWorld) -> Void = { _ in }
    ) -> ThreadWait? {
        var world = WaitingWorld()
        world.putMutex(Self.lock, word: word, owner: owner, kind: kind)
        change(&world)
        return world.wait(
            "futex", [Self.lock, operation, 2], nil, "pthread_mutex_lock@@GLIBC_2.2.5")
    }

    @Test func aTakenMutexHasAnOwner() {
        let wait = mutex(word: 2, owner: 21)
        #expect(wait?.kind == .mutex)
        #expect(wait?.owner == 21)
        #expect(wait?.object == Address(Self.lock))
        #expect(wait?.evidence?.contains("__owner") == true)
    }

    @Test func aFreeMutexHasNoOwnerWhateverItsWordsSay() {
        let wait = mutex(word: 0, owner: 21)
        #expect(wait?.kind == .mutex)
        #expect(wait?.owner == nil)
        #expect(wait?.deadOwner == nil)
    }

    @Test func anOwnerThatIsNoThreadHasEnded() {
        #expect(mutex(word: 2, owner: 99)?.deadOwner == 99)
        #expect(mutex(word: 2, owner: 99)?.owner == nil)
        // Unless a thread may be missing, or the owner may belong to another process.
        let uncertain = mutex(word: 2, owner: 99) {
            $0.gaps = [Gap(.threads, reason: .limit)]
        }
        #expect(uncertain?.deadOwner == nil)
        #expect(mutex(word: 2, owner: 99, kind: 0x80, operation: 0)?.deadOwner == nil)
        #expect(mutex(word: 2, owner: .max)?.deadOwner == nil)
    }

    @Test func onlyAMutexThatStopsItsOwnerCanBeTheWaitersOwn() {
        #expect(mutex(word: 2, owner: 20)?.owner == 20)
        #expect(mutex(word: 2, owner: 20, kind: 1)?.owner == nil)
        #expect(mutex(word: 2, owner: 20, kind: 2)?.owner == nil)
        #expect(mutex(word: 0x8000_0014, owner: 20, kind: 0x20, operation: 0x86)?.owner == nil)
    }

    @Test func theKernelsWordCountsWhereItKeepsTheOwner() {
        // PTHREAD_PRIO_INHERIT, robust, both.
        #expect(mutex(word: 0x8000_0015, owner: 22, kind: 0x20, operation: 0x86)?.owner == 21)
        #expect(mutex(word: 0x8000_0015, owner: 22, kind: 0x10, operation: 0)?.owner == 21)
        #expect(mutex(word: 0x8000_0015, owner: 22, kind: 0x30, operation: 6)?.owner == 21)
        // FUTEX_OWNER_DIED
        let died = mutex(word: 0xc000_0000, owner: 21, kind: 0x10, operation: 0)
        #expect(died?.owner == nil)
        #expect(died?.deadOwner == nil)
    }

    @Test func wordsThatAreNoMutexAreNone() {
        #expect(mutex(word: 2, owner: 21, kind: 0x1234_5678)?.kind == .futex)
        #expect(mutex(word: 2, owner: 21, kind: 0x1234_5678)?.owner == nil)
        // A mutex without inheritance is never waited for in the kernel's way.
        #expect(mutex(word: 2, owner: 21, operation: 0x86)?.kind == .futex)
        let world = WaitingWorld()
        for address in [0, 8, Self.lock, UInt64.max, UInt64.max - 7, 1 << 63] {
            let wait = world.wait("futex", [address, 0x80, 2], "pthread_mutex_lock")
            #expect(wait?.kind == .futex)
            #expect(wait?.owner == nil)
        }
    }

    @Test func namesDecideWhatItIs() {
        var world = WaitingWorld()
        world.putMutex(Self.lock, word: 2, owner: 21, kind: 0)
        let arguments = [Self.lock, Self.private_, 2]
        // A perfect mutex proves nothing where no function says that it is one…
        #expect(world.wait("futex", arguments, nil, nil)?.kind == .futex)
        #expect(world.wait("futex", arguments, nil, nil)?.owner == nil)
        // … and neither does a function further out.
        let foreign = world.wait(
            "futex", arguments, "syscall", "wait_for_it@program", "pthread_mutex_lock")
        #expect(foreign?.kind == .futex)
        let nameless = world.wait("futex", arguments, nil, "pthread_mutex_lock")
        #expect(nameless?.kind == .mutex)
        let alias = world.wait(
            "futex", arguments, "__GI___lll_lock_wait", "__GI___pthread_mutex_lock")
        #expect(alias?.owner == 21)
        // The runtime's own are told by who took them.
        let runtime = world.wait(
            "futex", arguments, "__lll_lock_wait", "pthread_mutex_lock",
            "swift_getGenericMetadata@libswiftCore.so")
        #expect(runtime?.kind == .runtimeLock)
        #expect(runtime?.owner == 21)
    }

    @Test func withoutNamesTheKernelsOwnRecordRemains() {
        var world = WaitingWorld()
        world.memory.put(Self.lock, 0x8000_0015)
        for operation: UInt64 in [6, 13, 0x86, 0x8d] {
            let wait = world.wait("futex", [Self.lock, operation, 0], nil)
            #expect(wait?.kind == .futex)
            #expect(wait?.owner == 21)
        }
        #expect(world.wait("futex", [Self.lock, 0x80, 0], nil)?.owner == nil)
        #expect(world.wait("futex", [Self.lock, 0x89, 0], nil)?.owner == nil)
    }

    @Test(arguments: [
        ("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF", ThreadWait.Kind.swiftMutex),
        ("_ZN5swift14threading_impl9once_slowERNS0_6once_tEPFvPvES3_", .once),
        ("_dispatch_once_wait", .once), ("_dispatch_unfair_lock_lock_slow", .runtimeLock),
    ])
    func oneWordHoldsTheOwner(symbol: String, kind: ThreadWait.Kind) {
        var world = WaitingWorld()
        world.memory.put(Self.lock, 0x8000_0016)
        let wait = world.wait("futex", [Self.lock, 0x86, 0], "syscall", symbol + "@program")
        #expect(wait?.kind == kind)
        #expect(wait?.owner == 22)
        world.memory.put(Self.lock, 0)
        let free = world.wait("futex", [Self.lock, 0x86, 0], "syscall", symbol + "@program")
        #expect(free?.owner == nil)
        #expect(free?.deadOwner == nil)
        // The waiter has just been given it.
        world.memory.put(Self.lock, 20)
        #expect(
            world.wait("futex", [Self.lock, 0x86, 0], "syscall", symbol + "@program")?.owner == nil)
    }

    @Test func readWriteLocksNameTheirWriter() {
        var world = WaitingWorld()
        world.putReadWriteLock(Self.lock, writer: 22)
        let reader = world.wait("futex", [Self.lock + 8, 0x189, 3], nil, "pthread_rwlock_rdlock")
        #expect(reader?.kind == .readLock)
        #expect(reader?.owner == 22)
        #expect(reader?.object == Address(Self.lock))
        let early = world.wait("futex", [Self.lock, 0x189, 12], nil, "pthread_rwlock_rdlock")
        #expect(early?.object == Address(Self.lock))
        let writer = world.wait("futex", [Self.lock + 12, 0x189, 3], nil, "pthread_rwlock_wrlock")
        #expect(writer?.kind == .writeLock)
        #expect(writer?.owner == 22)
        world.putReadWriteLock(Self.lock, writer: 0)
        let readers = world.wait("futex", [Self.lock + 8, 0x189, 2], nil, "pthread_rwlock_wrlock")
        #expect(readers?.owner == nil)
        #expect(readers?.deadOwner == nil)
        world.putReadWriteLock(Self.lock, writer: 99, shared: 1)
        #expect(
            world.wait("futex", [Self.lock + 8, 0x109, 3], nil, "pthread_rwlock_rdlock")?.deadOwner
                == nil)
        world.putReadWriteLock(Self.lock, writer: 22, shared: 7)
        #expect(
            world.wait("futex", [Self.lock + 8, 0x189, 3], nil, "pthread_rwlock_rdlock")?.kind
                == .futex)
    }

    @Test func behindAConditionItWaitsForTheMutex() {
        var world = WaitingWorld()
        world.putMutex(Self.lock, word: 2, owner: 21, kind: 0)
        world.memory.put(0x20000, 0, 0, 0, 0, 8 << 32, 0)
        let waiting = world.wait("futex", [0x20028, 0x189, 0], nil, "pthread_cond_wait")
        #expect(waiting?.kind == .condition)
        #expect(waiting?.object == Address(0x20000))
        let taking = world.wait("futex", [Self.lock, 0x80, 2], nil, "pthread_cond_wait")
        #expect(taking?.kind == .mutex)
        #expect(taking?.owner == 21)
        let named = world.wait(
            "futex", [Self.lock, 0x80, 2], "__lll_lock_wait", "__pthread_mutex_cond_lock",
            "pthread_cond_wait")
        #expect(named?.kind == .mutex)
        // Where nothing counts waiters it is another layout: then the word itself is all.
        let unknown = world.wait("futex", [0x90028, 0x189, 0], nil, "pthread_cond_wait")
        #expect(unknown?.object == Address(0x90028))
    }

    @Test func aJoinedThreadMustBeOne() {
        var world = WaitingWorld()
        world.memory.put(Self.lock, 22)
        #expect(world.wait("futex", [Self.lock, 0x109, 22], nil, "pthread_join")?.owner == 22)
        #expect(world.wait("futex", [Self.lock, 0x109, 21], nil, "pthread_join")?.owner == nil)
        world.memory.put(Self.lock, 99)
        let gone = world.wait("futex", [Self.lock, 0x109, 99], nil, "pthread_join")
        #expect(gone?.kind == .join)
        #expect(gone?.owner == nil)
        #expect(gone?.deadOwner == nil)
    }

    @Test func wordsNameThreadsByTheirOwnNumbers() {
        let namespaced = { (world: inout WaitingWorld) in
            world.namespacePIDs = [1]
            world.waiter = WaitingWorld.thread(1020, namespaceID: 1)
            world.others = [
                WaitingWorld.thread(1021, namespaceID: 2),
                WaitingWorld.thread(1022, namespaceID: 3),
            ]
        }
        #expect(mutex(word: 2, owner: 2, namespaced)?.owner == 1021)
        #expect(mutex(word: 2, owner: 1021, namespaced)?.owner == nil)
        #expect(mutex(word: 2, owner: 9, namespaced)?.deadOwner == 9)
        // A thread whose number is not known could be any.
        let incomplete = mutex(word: 2, owner: 9) { world in
            namespaced(&world)
            world.others.append(WaitingWorld.thread(1023))
        }
        #expect(incomplete?.deadOwner == nil)
        let itsOwn = mutex(word: 2, owner: 1023) { world in
            namespaced(&world)
            world.others.append(WaitingWorld.thread(1023))
        }
        #expect(itsOwn?.owner == nil)
    }
}
