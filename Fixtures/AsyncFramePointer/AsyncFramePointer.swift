// flags: -Xfrontend -swift-async-frame-pointer=always

import Glibc

/// Compiled so that frames of async functions are marked in bit 60 of the saved frame pointer, as
/// on Apple's systems: a running task with ten callers, and a suspended one.
@main
enum AsyncFramePointer {
    static func main() async {
        Fixture.serve(tasks: 3)
        let me = Witness.enter()
        start()
        me.rests(.continuation, in: "static AsyncFramePointer.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    static func start() {
        Task.detached(name: "running") {
            let me = Witness.enter("running")
            me.calls(in: "closure #1 in static AsyncFramePointer.start()")
            await descend(10, blocking: true, me)
            Held.touch()
        }
        Task.detached(name: "suspended") {
            let me = Witness.enter("suspended")
            me.calls(in: "closure #2 in static AsyncFramePointer.start()")
            await descend(10, blocking: false, me)
            Held.touch()
        }
    }

    @inline(never)
    static func descend(_ remaining: Int, blocking: Bool, _ me: Witness) async {
        let here = "static AsyncFramePointer.descend(_:blocking:_:)"
        if remaining > 1 {
            me.calls(in: here)
            await descend(remaining - 1, blocking: blocking, me)
        } else if blocking {
            me.calls(in: here)
            block(me)
        } else {
            me.rests(.continuation, in: here)
            await withUnsafeContinuation { Held.hold($0) }
        }
        Held.touch()
    }

    @inline(never)
    static func block(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static AsyncFramePointer.block(_:)")
        while true { pause() }
    }
}
