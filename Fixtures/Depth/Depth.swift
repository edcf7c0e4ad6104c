/// Chains of async calls: one frame, ten, and two thousand, each ending in a continuation.
@main
enum Depth {
    static func main() async {
        Fixture.serve(tasks: 4)
        let me = Witness.enter()
        start(depth: 1)
        start(depth: 10)
        start(depth: 2000)
        me.rests(.continuation, in: "static Depth.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    static func start(depth: Int) {
        Task(name: "depth-\(depth)") {
            let me = Witness.enter("depth-\(depth)", also: ["depth": .number(depth)])
            me.calls(in: "closure #1 in static Depth.start(depth:)")
            await descend(depth, me)
            Held.touch()
        }
    }

    /// Calls itself until nothing is left to descend, and waits at the bottom for ever.
    @inline(never)
    static func descend(_ remaining: Int, _ me: Witness) async {
        if remaining > 1 {
            me.calls(in: "static Depth.descend(_:_:)")
            await descend(remaining - 1, me)
        } else {
            me.rests(.continuation, in: "static Depth.descend(_:_:)")
            await withUnsafeContinuation { Held.hold($0) }
        }
        Held.touch()
    }
}
