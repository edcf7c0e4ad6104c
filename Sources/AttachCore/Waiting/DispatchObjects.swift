import AttachReport

/// Reads what libdispatch waits for: its queues, semaphores and groups.
struct DispatchObjects {
    private typealias Layout = DispatchLayout

    private static let targetLimit = 16
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

    /// Its turn on a queue.
    func sync(_ futex: FutexCall, of thread: Int32) -> ThreadWait {
        var wait = ThreadWait(kind: .dispatchSync)
        guard
            let waiter: UInt32 = futex.word.advanced(by: Layout.syncWordToWaiter)
                .flatMap({ memory.load($0) }),
            let number = numbers.number(of: thread), waiter & FutexCall.ownerMask == number,
            let place = futex.word.offset(by: Layout.syncWordToQueue),
            let first = memory.pointer(place), isObject(first)
        else { return wait }
        var reader = WordReader(memory)
        var queue = DispatchLane(first.value)
        guard var owner = queue.owner(&reader) else { return wait }
        // It has got the queue that it asked for, and waits for the one that this one runs on.
        for _ in 0..<Self.targetLimit where owner == number {
            guard let target = queue.root(&reader), isObject(Address(target.address)),
                let next = target.owner(&reader)
            else { break }
            (queue, owner) = (target, next)
        }
        wait.object = Address(queue.address)
        wait.label = label(of: queue, &reader)
        wait.evidence = "the waiter's record of libdispatch on its stack"
        guard let word: UInt32 = memory.load(futex.word), word == Layout.syncWaiting, owner != 0
        else {
            return wait
        }
        wait.evidence = "the owner in the state of the queue"
        wait.setOwner(owner, numbers, waiter: thread)
        return wait
    }

    /// A `DispatchSemaphore`, whose POSIX semaphore is waited in.
    func semaphore(_ futex: FutexCall) -> ThreadWait {
        ThreadWait(
            kind: .dispatchSemaphore, object: object(futex, Layout.semaphoreWordToObject),
            evidence: "a DispatchSemaphore; nobody owns one")
    }

    /// A `DispatchGroup`, whose generation is waited in.
    func group(_ futex: FutexCall) -> ThreadWait {
        ThreadWait(
            kind: .dispatchGroup, object: object(futex, Layout.groupWordToObject),
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

    /// Only where the library says where labels lie: one is printed, whatever it says.
    private func label(of queue: DispatchLane, _ reader: inout WordReader) -> String? {
        offsets().flatMap { DispatchLayout(at: $0, memory) }.flatMap {
            DispatchLane(queue.address, $0).label(limit: Self.labelLimit, &reader)
        }
    }
}
