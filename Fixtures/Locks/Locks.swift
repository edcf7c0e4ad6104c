import Glibc

/// One thread for each way to wait for a lock, a semaphore, a thread, a time or a file, and threads that
/// hold what they wait for.
@main
enum Locks {
    static func main() async {
        Fixture.serve(
            tasks: 1, helpers: nil, settled: { Waiter.allRest }, facts: { Waiter.facts })
        let me = Witness.enter()
        PosixLocks.start()
        SwiftLocks.start()
        DispatchWaits.start()
        Sleeps.start()
        DescriptorWaits.start()
        me.rests(.continuation, in: "static Locks.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }
}
