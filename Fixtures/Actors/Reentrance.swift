import Glibc

/// Tasks that are suspended in the middle of an actor's method, so that others may enter.
enum Reentrance {
    nonisolated(unsafe) private static var tasks: [Task<Void, Never>] = []

    static func enter() async {
        let sleeper = Sleeper()
        let solo = Solo()
        let pairs = [Pair(), Pair()]
        await rest(in: sleeper) { await sleeper.rest() }
        await rest(in: solo) { await solo.call() }
        // Two of a kind: who of them it is cannot be told from names.
        await rest(in: pairs[0]) { await pairs[0].call(pairs[1]) }
        await rest(in: nil) { await elsewhere() }
        Stage.keep(sleeper, "Sleeper")
        Stage.keep(solo, "Solo")
        pairs.forEach { Stage.keep($0, "Pair") }
    }

    private static func rest(in actor: AnyObject?, _ body: @escaping @Sendable () async -> Void)
        async
    {
        let task = Task.detached { await body() }
        tasks.append(task)
        let object = TaskObject.of(task)
        while !object.isSuspended { await Task.yield() }
        guard let actor else { return }
        Stage.say(
            "inside",
            ["task": .number(object.id), "actor": .address(Stage.address(of: actor))])
    }

    @inline(never)
    static func elsewhere() async {
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }
}

/// Suspended in a continuation of its own.
actor Sleeper {
    private var count = 0

    @inline(never)
    func rest() async {
        count += 1
        await withUnsafeContinuation { Held.hold($0) }
        count += 1
    }
}

/// Suspended in what it calls.
actor Solo {
    private var count = 0

    @inline(never)
    func call() async {
        count += 1
        await Reentrance.elsewhere()
        count += 1
    }
}

actor Pair {
    private var count = 0

    @inline(never)
    func call(_ other: Pair) async {
        await Reentrance.elsewhere()
        await other.end()
    }

    func end() { count += 1 }
}
