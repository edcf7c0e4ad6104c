import Glibc

/// A process whose first thread has ended while tasks and other threads live on.
@main
enum ZombieLeader {
    static func main() {
        Fixture.serve(
            tasks: 2,
            facts: {
                while Threads.state(of: Int(getpid())) != "Z" { usleep(1000) }
                return [
                    ["thread": ["tid": .number(Int(getpid())), "state": "Z"]]
                ]
            })
        start()
        pthread_exit(nil)
    }

    static func start() {
        Task.detached(name: "survivor") {
            let me = Witness.enter("survivor")
            me.rests(.continuation, in: "closure #1 in static ZombieLeader.start()")
            await withUnsafeContinuation { Held.hold($0) }
            Held.touch()
        }
        Task.detached(name: "blocked") {
            let me = Witness.enter("blocked")
            me.calls(in: "closure #2 in static ZombieLeader.start()")
            block(me)
        }
    }

    @inline(never)
    static func block(_ me: Witness) {
        me.runs(blockedIn: SystemCall.pause, in: "static ZombieLeader.block(_:)")
        while true { pause() }
    }
}
