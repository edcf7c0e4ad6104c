import Dispatch
import Foundation
import Glibc
import Synchronization
import VerdictKernel

/// Continuations that nobody has any more, and some that somebody has in an unusual way.
enum Continuations {
    typealias Bare = UnsafeContinuation<Void, Never>
    typealias Checked = CheckedContinuation<Void, Never>

    static let stories: [String: Verdict.Story] = [
        "cont-unsafe": { await dropped($0) },
        "cont-checked": { await droppedChecked($0) },
        "cont-cycle": { await cycle($0, isChecked: false) },
        "cont-checked-cycle": { await cycle($0, isChecked: true) },
        "cont-chain": { await chain($0) },
        "cont-timer": { _ in await heldOnly(byTimer) },
        "cont-timer-source": { _ in await heldOnly(byTimerSource) },
        "cont-read-source": { _ in await heldOnly(byReadSource) },
        "cont-queue": { _ in await heldOnly(byQueue) },
        "cont-dictionary": { _ in await heldOnly(byDictionary) },
        "cont-set": { _ in await heldOnly(byFoundation) },
        "cont-object": { _ in await heldOnly(byObject) },
        "cont-actor": { _ in await heldOnly(byActor) },
        "cont-enum": { _ in await heldOnly(byEnumeration) },
        "cont-thread": { _ in await heldOnly(byThread, threads: 1) },
        "cont-argument": { _ in await heldOnly(byArgument, threads: 1) },
        "cont-task": { _ in await heldOnly(byTask, tasks: 1) },
        "cont-child": { _ in await heldByChild() },
        "cont-child-of-waiter": { _ in await heldByChildOfWaiter() },
        "cont-interior": { _ in await heldOnly(byInteriorPointer) },
        "cont-memory": { _ in await heldOnly(byMappedMemory) },
        "cont-shared-memory": { _ in await heldOnly(bySharedMemory) },
        "cont-specific": { _ in await heldOnly(byThreadSpecific, threads: 1) },
        "cont-epoll": { _ in await heldOnly(byEpoll, threads: 1) },
        "cont-stream": { await stream($0) },
    ]

    // MARK: Nobody has it.

    static func dropped(_ variant: Variant) async {
        Task(name: "waiting") {
            let me = Witness.enter("waiting")
            me.rests(.continuation)
            await withUnsafeContinuation { if variant != .sick { Held.hold($0) } }
            Held.touch()
        }
        await queueBehind("waiting")
    }

    static func droppedChecked(_ variant: Variant) async {
        Task(name: "waiting") {
            let me = Witness.enter("waiting")
            me.rests(.continuation)
            await withCheckedContinuation { (continuation: Checked) in
                if variant != .sick { Kept.keep(Box(continuation)) }
            }
            Held.touch()
        }
        await queueBehind("waiting")
    }

    /// Ends a story that is told of the one task: where its continuation is held, all is well.
    private static func queueBehind(_ name: String) async {
        let isHeld = CommandLine.arguments.dropFirst(2).first.map { $0 != "sick" } ?? false
        Cast.perform(tasks: 2) { isHeld ? [] : [lost(name)] }
    }

    static func lost(_ name: String, affected: [Subject] = []) -> Judgement {
        Judgement(kind: "lost-continuation", subjects: [.task(name)], affected: affected)
    }

    /// Two objects that hold each other, one of which holds the continuation.
    static func cycle(_ variant: Variant, isChecked: Bool) async {
        Task(name: "waiting") {
            let me = Witness.enter("waiting")
            me.rests(.continuation)
            if isChecked {
                await withCheckedContinuation { (continuation: Checked) in
                    tie(Box(continuation), variant)
                }
            } else {
                await withUnsafeContinuation { (continuation: Bare) in
                    tie(Box(continuation), variant)
                }
            }
            Held.touch()
        }
        await queueBehind("waiting")
    }

    @inline(never)
    static func tie<Value: Sendable>(_ box: Box<Value>, _ variant: Variant) {
        let (one, other) = (Knot(box), Knot(box))
        one.other = other
        other.other = one
        if variant != .sick { Kept.keep(one) }
    }

    /// One waits for a task whose continuation is gone.
    static func chain(_ variant: Variant) async {
        let inner = Task(name: "inner") {
            let me = Witness.enter("inner")
            me.rests(.continuation)
            await withUnsafeContinuation { if variant != .sick { Held.hold($0) } }
            Held.touch()
        }
        Task(name: "outer") {
            let me = Witness.enter("outer")
            me.rests(.task)
            await inner.value
            Held.touch()
        }
        Cast.perform(tasks: 3) {
            variant == .sick ? [lost("inner", affected: [.task("outer")])] : []
        }
    }

    // MARK: Somebody has it.

    /// A task whose continuation is given to `holder` and to nobody else.
    static func heldOnly(
        _ holder: @escaping @Sendable (Bare) -> Void, tasks: Int = 0, threads: Int = 0
    ) async {
        Task(name: "waiting") {
            let me = Witness.enter("waiting")
            me.rests(.continuation)
            await withUnsafeContinuation { holder($0) }
            Held.touch()
        }
        Cast.perform(tasks: 2 + tasks, threads: threads)
    }

    @Sendable static func byTimer(_ continuation: Bare) {
        DispatchQueue.global().asyncAfter(deadline: .now() + 86_400) { continuation.resume() }
    }

    @Sendable static func byTimerSource(_ continuation: Bare) {
        let timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + 86_400)
        timer.setEventHandler { continuation.resume() }
        timer.resume()
        sources.append(timer)
    }

    @Sendable static func byReadSource(_ continuation: Bare) {
        let source = DispatchSource.makeReadSource(fileDescriptor: silentPipe())
        source.setEventHandler { continuation.resume() }
        source.resume()
        sources.append(source)
    }

    nonisolated(unsafe) static var sources: [any DispatchSourceProtocol] = []

    /// The read end of a pipe into which nobody writes.
    static func silentPipe() -> Int32 {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { Fixture.fail("pipe") }
        return ends[0]
    }

    /// In the block that waits on a suspended queue.
    @Sendable static func byQueue(_ continuation: Bare) {
        suspended.suspend()
        suspended.async { continuation.resume() }
    }

    static let suspended = DispatchQueue(label: "verdict.suspended")

    @Sendable static func byDictionary(_ continuation: Bare) {
        let pending = Pending()
        for number in 0..<100 { pending.byName["name \(number)"] = [] }
        pending.byName["rate"] = [continuation]
        Kept.keep(pending)
    }

    final class Pending: @unchecked Sendable {
        var byName: [String: [Bare]] = [:]
    }

    @Sendable static func byFoundation(_ continuation: Bare) {
        foundation["pending"] = NSMutableArray(object: Box(continuation))
    }

    nonisolated(unsafe) static let foundation = NSMutableDictionary()

    @Sendable static func byObject(_ continuation: Bare) { Kept.keep(Box(Box(continuation))) }

    @Sendable static func byActor(_ continuation: Bare) { Kept.keep(Holder(continuation)) }

    actor Holder {
        var continuation: Bare?
        init(_ continuation: Bare) { self.continuation = continuation }
    }

    /// Behind a reference whose spare bits tell the case: the word is not the address.
    @Sendable static func byEnumeration(_ continuation: Bare) {
        choices.withLock { $0 = .third(Third(continuation)) }
    }

    final class First: Sendable { let number = 1 }
    final class Second: Sendable { let number = 2 }
    final class Third: Sendable {
        let continuation: Bare
        init(_ continuation: Bare) { self.continuation = continuation }
    }
    enum Choice { case first(First), second(Second), third(Third) }
    static let choices = Mutex<Choice>(.first(First()))

    /// In a local variable of another thread.
    @Sendable static func byThread(_ continuation: Bare) {
        let input = silentPipe()
        Threads.start("holder") {
            Cast.blocks("holder", in: SystemCall.read)
            Actors.receive(input)
            continuation.resume()
        }
    }

    /// In an object that only the argument of a thread's function refers to.
    @Sendable static func byArgument(_ continuation: Bare) {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                let input = Continuations.silentPipe()
                Cast.blocks("holder", in: SystemCall.read)
                Actors.receive(input)
                guard let argument else { return nil }
                Unmanaged<Box<Bare>>.fromOpaque(argument).takeRetainedValue().value.resume()
                return nil
            }, Unmanaged.passRetained(Box(continuation)).toOpaque())
    }

    /// In a local variable of another task, which will wake up and resume it.
    @Sendable static func byTask(_ continuation: Bare) {
        Task.detached(name: "holder") {
            let me = Witness.enter("holder")
            me.rests(.sleep)
            try? await Task.sleep(for: .seconds(86_400))
            continuation.resume()
        }
    }

    /// In a variable in the frame of the task itself, which its child will look into.
    static func heldByChild() async {
        Task(name: "waiting") {
            let me = Witness.enter("waiting")
            nonisolated(unsafe) var continuation: Bare?
            async let child: Void = {
                let me = Witness.enter()
                me.rests(.sleep)
                try? await Task.sleep(for: .seconds(86_400))
                continuation?.resume()
            }()
            await Witness.others(atLeast: 1)
            me.rests(.continuation)
            await withUnsafeContinuation { continuation = $0 }
            await child
        }
        Cast.perform(tasks: 3)
    }

    /// In an object that the child of a task has, which waits for the one that waits.
    static func heldByChildOfWaiter() async {
        Task(name: "outer") {
            let me = Witness.enter("outer")
            let slot = Slot()
            let inner = Task(name: "waiting") {
                let me = Witness.enter("waiting")
                me.rests(.continuation)
                await withUnsafeContinuation { slot.continuation = $0 }
                Held.touch()
            }
            async let child: Void = {
                let me = Witness.enter()
                me.rests(.sleep)
                try? await Task.sleep(for: .seconds(86_400))
                slot.continuation?.resume()
            }()
            me.rests(.task)
            await inner.value
            await child
        }
        Cast.perform(tasks: 4)
    }

    final class Slot: @unchecked Sendable {
        var continuation: Bare?
    }

    /// In the middle of a block to whose beginning nobody points.
    @Sendable static func byInteriorPointer(_ continuation: Bare) {
        let block = UnsafeMutablePointer<Bare?>.allocate(capacity: 1000)
        block.initialize(repeating: nil, count: 1000)
        block[700] = continuation
        interior.store(UInt(bitPattern: block + 500), ordering: .relaxed)
    }

    static let interior = Atomic<UInt>(0)

    @Sendable static func byMappedMemory(_ continuation: Bare) {
        map(continuation, MAP_PRIVATE | MAP_ANONYMOUS)
    }

    @Sendable static func bySharedMemory(_ continuation: Bare) {
        map(continuation, MAP_SHARED | MAP_ANONYMOUS)
    }

    /// In memory that is not the allocator's.
    static func map(_ continuation: Bare, _ flags: Int32) {
        let memory = mmap(nil, 1 << 16, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory, memory != MAP_FAILED else { Fixture.fail("mmap") }
        (memory + 4096).storeBytes(of: continuation, as: Bare.self)
    }

    /// In a thread-specific value.
    @Sendable static func byThreadSpecific(_ continuation: Bare) {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        let chosen = key
        Threads.start("holder") {
            pthread_setspecific(chosen, Unmanaged.passRetained(Box(continuation)).toOpaque())
            let input = silentPipe()
            Cast.blocks("holder", in: SystemCall.read)
            Actors.receive(input)
            guard let pointer = pthread_getspecific(chosen) else { return }
            Unmanaged<Box<Bare>>.fromOpaque(pointer).takeRetainedValue().value.resume()
        }
    }

    /// In the kernel: the data of an event that an epoll waits for.
    @Sendable static func byEpoll(_ continuation: Bare) {
        let data = Unmanaged.passRetained(Box(continuation)).toOpaque()
        let epoll = kernel_epoll(silentPipe(), data)
        guard epoll >= 0 else { Fixture.fail("epoll") }
        Threads.start("holder") {
            Cast.blocks("holder", in: SystemCall.epollWait)
            guard let data = kernel_epoll_wait(epoll) else { return }
            Unmanaged<Box<Bare>>.fromOpaque(data).takeRetainedValue().value.resume()
        }
    }

    // MARK: Streams

    /// A stream whose producer is still there.
    static func stream(_ variant: Variant) async {
        let (numbers, producer) = AsyncStream.makeStream(of: Int.self)
        Kept.keep(Box(producer))
        Task(name: "reading") {
            let me = Witness.enter("reading")
            me.rests(.stream)
            for await _ in numbers { Held.touch() }
        }
        Cast.perform(tasks: 2)
    }
}

/// A value with an address.
final class Box<Value: Sendable>: Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// Holds a value, and another of its kind.
final class Knot: @unchecked Sendable {
    var other: Knot?
    private let value: AnyObject & Sendable
    init(_ value: AnyObject & Sendable) { self.value = value }
}
