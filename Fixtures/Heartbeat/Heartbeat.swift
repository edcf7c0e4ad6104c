import Glibc
import Synchronization

/// A process of a given size that watches its own pulse: arguments are the number of threads, of
/// suspended tasks, and of MiB of heap. `gap` prints the longest time between two looks at the
/// clock, in nanoseconds; `reset` forgets it.
@main
enum Heartbeat {
    static func main() async {
        let threads = Fixture.argument(1, default: 4)
        let tasks = Fixture.argument(2, default: 100)
        let mebibytes = Fixture.argument(3, default: 0)
        Fixture.serve(
            tasks: tasks + 1,
            facts: {
                while Pulse.count < threads || Pulse.beats < 1000 { usleep(1000) }
                return [["threads": .number(threads + 1)], ["mebibytes": .number(mebibytes)]]
            },
            commands: [
                "gap": { _ in ["gap": .number(Pulse.longest), "beats": .number(Pulse.beats)] },
                "reset": { _ in
                    Pulse.reset()
                    return ["reset": true]
                },
            ])
        let me = Witness.enter()
        fill(mebibytes)
        for number in 0..<threads {
            Threads.start("idle-\(number)", stackSize: 128 << 10, Pulse.idle)
        }
        for _ in 0..<tasks { startTask() }
        Threads.start("heartbeat", Pulse.beat)
        me.rests(.continuation, in: "static Heartbeat.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    static func startTask() {
        Task.detached {
            let me = Witness.enter()
            me.calls(in: "closure #1 in static Heartbeat.startTask()")
            await park(me)
            Held.touch()
        }
    }

    @inline(never)
    static func park(_ me: Witness) async {
        me.rests(.continuation, in: "static Heartbeat.park(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }

    /// Touches every page, with bytes that no kernel can merge into the zero page.
    static func fill(_ mebibytes: Int) {
        for index in 0..<mebibytes {
            guard let block = malloc(1 << 20) else { Fixture.fail("malloc") }
            memset(block, Int32(index % 255 + 1), 1 << 20)
            Held.keep(block)
        }
    }
}

/// The heart: one thread that does nothing but look at the clock.
enum Pulse {
    private static let gap = Atomic<Int>(0)
    private static let beatCount = Atomic<Int>(0)
    private static let isReset = Atomic<Bool>(false)
    private static let idling = Atomic<Int>(0)

    static var longest: Int { gap.load(ordering: .acquiring) }
    static var beats: Int { beatCount.load(ordering: .acquiring) }
    static var count: Int { idling.load(ordering: .acquiring) }

    /// Forgets the longest gap; returns once the heart has noticed.
    static func reset() {
        isReset.store(true, ordering: .releasing)
        while isReset.load(ordering: .acquiring) { sched_yield() }
    }

    @Sendable static func beat() {
        var last = now()
        while true {
            let this = now()
            if isReset.load(ordering: .acquiring) {
                gap.store(0, ordering: .releasing)
                isReset.store(false, ordering: .releasing)
            } else if this - last > longest {
                gap.store(this - last, ordering: .releasing)
            }
            beatCount.add(1, ordering: .releasing)
            last = this
        }
    }

    @Sendable static func idle() {
        idling.add(1, ordering: .releasing)
        while true { pause() }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
