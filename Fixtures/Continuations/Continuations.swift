import Dispatch
import Glibc
import Synchronization

typealias Bare = UnsafeContinuation<Void, Never>
typealias Checked = CheckedContinuation<Void, Never>

/// Continuations that somebody has, in every place that one can think of, and lost ones. Each task
/// has one continuation and is named for its holder; a lost one says so.
@main
enum Continuations {
    static func main() async {
        let held = holders.count + 4
        let lost = losses.count + 3
        Fixture.serve(tasks: 1 + held + 1 + lost, helpers: 1)
        let me = Witness.enter()
        for (name, holder) in holders { wait(name, holder) }
        for (name, loser) in losses { wait(name, isLost: true, loser) }
        waitChecked()
        waitInStreams()
        waitWithHandles()
        // So that what was left on the threads' stacks is not what was last done.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { Held.touch() } }
        }
        me.rests(.continuation)
        await withUnsafeContinuation { Held.hold($0) }
    }

    // MARK: Who has one

    static let holders: [(String, @Sendable (Bare) -> Void)] = [
        ("global", { global.withLock { [value = $0] in $0 = value } }),
        ("array", { continuation in array.withLock { $0.append(continuation) } }),
        ("dictionary", { continuation in dictionary.withLock { $0["key"] = continuation } }),
        ("object", { Kept.keep(Holder($0)) }),
        ("nested object", { Kept.keep(Holder(Holder($0))) }),
        ("actor", { Kept.keep(Office($0)) }),
        (
            "closure",
            { continuation in
                closures.withLock { $0.append { continuation.resume() } }
            }
        ),
        (
            "dispatch timer",
            { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + 86_400) {
                    continuation.resume()
                }
            }
        ),
        ("thread", { blockThread(holding: $0) }),
        ("thread-specific value", { specificValue(holding: $0) }),
        (
            "other task",
            { continuation in
                Task.detached(name: "holder") {
                    let me = Witness.enter("holder")
                    me.rests(.sleep)
                    try? await Task.sleep(for: .seconds(86_400))
                    continuation.resume()
                }
            }
        ),
        (
            "malloc",
            { continuation in
                let block = UnsafeMutablePointer<Bare>.allocate(capacity: 100)
                (block + 50).initialize(to: continuation)
                cell.store(UInt(bitPattern: block), ordering: .relaxed)
            }
        ),
        (
            "interior pointer",
            { continuation in
                let block = UnsafeMutablePointer<Bare>.allocate(capacity: 1000)
                (block + 700).initialize(to: continuation)
                inner.store(UInt(bitPattern: block + 500), ordering: .relaxed)
            }
        ),
        (
            "tagged pointer",
            { continuation in
                let block = UnsafeMutablePointer<Bare>.allocate(capacity: 4)
                block.initialize(to: continuation)
                tagged.store(UInt(bitPattern: block) | 5 | 0xab << 56, ordering: .relaxed)
            }
        ),
        (
            "mapped memory",
            { continuation in
                let memory = mmap(
                    nil, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                guard let memory, memory != MAP_FAILED else { Fixture.fail("mmap") }
                (memory + 4096).storeBytes(of: continuation, as: Bare.self)
            }
        ),
        (
            "large block",
            { continuation in
                let block = UnsafeMutablePointer<Bare>.allocate(capacity: 1_000_000)
                (block + 900_000).initialize(to: continuation)
                large.store(UInt(bitPattern: block), ordering: .relaxed)
            }
        ),
        (
            "packed structure",
            { continuation in
                let block = UnsafeMutableRawPointer.allocate(byteCount: 120, alignment: 16)
                block.storeBytes(
                    of: unsafeBitCast(continuation, to: UInt.self), toByteOffset: 76, as: UInt.self)
                packed.store(UInt(bitPattern: block), ordering: .relaxed)
            }
        ),
    ]

    static let global = Mutex<Bare?>(nil)
    static let array = Mutex<[Bare]>([])
    static let dictionary = Mutex<[String: Bare]>([:])
    static let closures = Mutex<[@Sendable () -> Void]>([])
    static let cell = Atomic<UInt>(0)
    static let inner = Atomic<UInt>(0)
    static let tagged = Atomic<UInt>(0)
    static let large = Atomic<UInt>(0)
    static let packed = Atomic<UInt>(0)

    final class Holder: Sendable {
        let continuation: Bare?
        let next: Holder?
        init(_ continuation: Bare) { (self.continuation, next) = (continuation, nil) }
        init(_ next: Holder) { (continuation, self.next) = (nil, next) }
    }

    actor Office {
        var continuation: Bare?
        init(_ continuation: Bare) { self.continuation = continuation }
    }

    static func silentPipe() -> Int32 {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { Fixture.fail("pipe") }
        return ends[0]
    }

    static func read(_ input: Int32) {
        var byte: UInt8 = 0
        _ = Glibc.read(input, &byte, 1)
    }

    static func blockThread(holding continuation: Bare) {
        let input = silentPipe()
        Threads.start("holder") {
            read(input)
            continuation.resume()
        }
    }

    static func specificValue(holding continuation: Bare) {
        let input = silentPipe()
        Threads.start("specific") {
            var key = pthread_key_t()
            pthread_key_create(&key, nil)
            pthread_setspecific(key, Unmanaged.passRetained(Holder(continuation)).toOpaque())
            read(input)
            if let value = pthread_getspecific(key) {
                Unmanaged<Holder>.fromOpaque(value).takeUnretainedValue().continuation?.resume()
            }
        }
    }

    // MARK: Who has none any more

    static let losses: [(String, @Sendable (Bare) -> Void)] = [
        ("dropped", { _ in Held.touch() }),
        ("temporary holder", { Kept.use(Holder($0)) }),
        (
            "removed from array",
            { continuation in
                array.withLock { _ = $0.append(continuation) }
                array.withLock { _ = $0.removeLast() }
            }
        ),
        ("retain cycle", { Knot.tie($0) }),
    ]

    final class Knot {
        var other: Knot?
        let continuation: Bare?
        let checked: Checked?
        init(_ continuation: Bare?, _ checked: Checked?) {
            (self.continuation, self.checked) = (continuation, checked)
        }

        @inline(never)
        static func tie(_ continuation: Bare?, _ checked: Checked? = nil) {
            let (one, other) = (Knot(continuation, checked), Knot(nil, nil))
            one.other = other
            other.other = one
        }
    }

    // MARK: Waiting

    static func wait(
        _ name: String, isLost: Bool = false, _ body: @escaping @Sendable (Bare) -> Void
    ) {
        Task(name: name) {
            let me = Witness.enter(name)
            me.rests(.continuation, also: isLost ? ["lost": true] : ["held": true])
            await withUnsafeContinuation { body($0) }
            Held.touch()
        }
    }

    /// 3 tasks, two of them lost.
    static func waitChecked() {
        Task(name: "checked") {
            let me = Witness.enter("checked")
            me.rests(.continuation, also: ["held": true, "creator": "waitChecked()"])
            await withCheckedContinuation { continuation in
                checked.withLock { $0 = continuation }
            }
            Held.touch()
        }
        Task(name: "checked dropped") {
            let me = Witness.enter("checked dropped")
            me.rests(.continuation, also: ["lost": true])
            await withCheckedContinuation { (_: Checked) in
                Held.touch()
            }
            Held.touch()
        }
        Task(name: "checked in a cycle") {
            let me = Witness.enter("checked in a cycle")
            me.rests(.continuation, also: ["lost": true])
            await withCheckedContinuation { (continuation: Checked) in
                Knot.tie(nil, continuation)
            }
            Held.touch()
        }
    }

    static let checked = Mutex<Checked?>(nil)

    /// 2 tasks, held.
    static func waitInStreams() {
        for name in ["stream", "other stream"] {
            let (numbers, producer) = AsyncStream.makeStream(of: Int.self)
            producers.withLock { $0.append(producer) }
            Task(name: name) {
                let me = Witness.enter(name)
                me.rests(.stream, also: ["held": true])
                for await _ in numbers { Held.touch() }
            }
        }
    }

    static let producers = Mutex<[AsyncStream<Int>.Continuation]>([])

    /// A held one and one that is lost, though there are handles.
    static func waitWithHandles() {
        let held = Task(name: "held, with a handle") {
            let me = Witness.enter("held, with a handle")
            me.rests(.continuation, also: ["held": true])
            await withUnsafeContinuation { continuation in
                array.withLock { $0.append(continuation) }
            }
            Held.touch()
        }
        let lost = Task(name: "lost, with a handle") {
            let me = Witness.enter("lost, with a handle")
            me.rests(.continuation, also: ["lost": true])
            await withUnsafeContinuation { (_: Bare) in Held.touch() }
            Held.touch()
        }
        handles.withLock { $0 += [held, lost] }
    }

    static let handles = Mutex<[Task<Void, Never>]>([])
}

/// Keeps objects for ever.
enum Kept {
    private static let objects = Mutex<[AnyObject & Sendable]>([])

    static func keep(_ object: AnyObject & Sendable) { objects.withLock { $0.append(object) } }

    @inline(never)
    static func use(_ object: AnyObject) { Held.touch() }
}
