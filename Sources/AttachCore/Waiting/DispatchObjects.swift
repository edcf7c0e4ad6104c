import AttachReport

/// Reads what libdispatch waits for: its queues, semaphores and groups.
///
/// Offsets are those of 64-bit Linux (libdispatch: src/queue_internal.h, src/semaphore_internal.h);
/// where the label lies, the library says itself.
struct DispatchObjects {
    /// `dispatch_queue_offsets`, a table of `uint16_t` for debuggers (private/introspection_private.h).
    static let offsetsSymbol = "dispatch_queue_offsets"

    /// Of queues: `dq_state`, whose lower half holds the thread that drains it.
    private static let state: UInt64 = 56
    /// Of every object: `do_targetq`.
    private static let target: UInt64 = 24
    private static let targetLimit = 16
    /// Of a waiter's `dispatch_sync_context_s`: from the queue it waits for to the word in which
    /// it waits, and from there to its own thread id.
    private static let queueBeforeWord: Int64 = -40
    private static let waiterBehindWord: UInt64 = 4
    /// What stands in the word while it waits.
    private static let waiting = UInt32.max
    private static let semaphoreBeforeWord: Int64 = -64
    private static let groupBeforeWord: Int64 = -52
    /// A label is a line; a longer one is cut.
    private static let labelLimit = 256

    private let memory: TargetMemory
    private let images: ImageTable
    private let numbers: ThreadNumbers
    private let offsets: () -> Address?

    /// - Parameter offsets: Where the table of offsets lies; nil where there is none. Asked for
    ///   when a label is.
    init(
        _ target: Target, numbers: ThreadNumbers, offsets: @escaping () -> Address?
    ) {
        memory = target.memory
        images = target.images
        self.numbers = numbers
        self.offsets = offsets
    }

    private static func labelOffset(_ table: Address, _ memory: TargetMemory) -> UInt64? {
        guard let version: UInt16 = memory.load(table), (4...16).contains(version),
            let offset: UInt16 = table.advanced(by: 2).flatMap({ memory.load($0) }),
            let size: UInt16 = table.advanced(by: 4).flatMap({ memory.load($0) }),
            size == 8, offset % 8 == 0, (16...512).contains(offset)
        else { return nil }
        return UInt64(offset)
    }

    /// Its turn on a queue.
    func sync(_ futex: FutexCall, of thread: Int32) -> ThreadWait {
        var wait = ThreadWait(kind: .dispatchSync)
        guard
            let waiter: UInt32 = futex.word.advanced(by: Self.waiterBehindWord)
                .flatMap({ memory.load($0) }),
            let number = numbers.number(of: thread), waiter & FutexCall.ownerMask == number,
            let place = futex.word.offset(by: Self.queueBeforeWord),
            var queue = memory.pointer(place), isObject(queue), var owner = owner(of: queue)
        else { return wait }
        // It has got the queue that it asked for, and waits for the one that this one runs on.
        for _ in 0..<Self.targetLimit where owner == number {
            guard let target = memory.pointer(queue, Self.target), isObject(target),
                let next = self.owner(of: target)
            else { break }
            (queue, owner) = (target, next)
        }
        wait.object = queue
        wait.label = label(of: queue)
        wait.evidence = "the waiter's record of libdispatch on its stack"
        guard let word: UInt32 = memory.load(futex.word), word == Self.waiting, owner != 0 else {
            return wait
        }
        wait.evidence = "the owner in the state of the queue"
        wait.setOwner(owner, numbers, waiter: thread)
        return wait
    }

    /// The thread that drains a queue, as its state names it; 0 for none.
    private func owner(of queue: Address) -> UInt32? {
        queue.advanced(by: Self.state).flatMap { memory.word($0) }
            .map { UInt32(truncatingIfNeeded: $0) & FutexCall.ownerMask }
    }

    /// A `DispatchSemaphore`, whose POSIX semaphore is waited in.
    func semaphore(_ futex: FutexCall) -> ThreadWait {
        ThreadWait(
            kind: .dispatchSemaphore, object: object(futex, Self.semaphoreBeforeWord),
            evidence: "a DispatchSemaphore; nobody owns one")
    }

    /// A `DispatchGroup`, whose generation is waited in.
    func group(_ futex: FutexCall) -> ThreadWait {
        ThreadWait(
            kind: .dispatchGroup, object: object(futex, Self.groupBeforeWord),
            evidence: "a DispatchGroup; nobody owns one")
    }

    private func object(_ futex: FutexCall, _ offset: Int64) -> Address {
        guard let object = futex.word.offset(by: offset), isObject(object) else {
            return futex.word
        }
        return object
    }

    /// Whether it begins as an object of libdispatch does: with the address of its type, in the
    /// data of an image.
    private func isObject(_ address: Address) -> Bool {
        guard !address.isNull, address.value % 8 == 0, let type = memory.pointer(address),
            type.value % 8 == 0
        else { return false }
        return images.imageIndex(containing: type) != nil
    }

    private func label(of queue: Address) -> String? {
        guard let table = offsets(), let offset = Self.labelOffset(table, memory),
            let text = memory.pointer(queue, offset), !text.isNull,
            let label = memory.text(text, limit: Self.labelLimit), !label.string.isEmpty
        else { return nil }
        return label.string
    }
}
