import Glibc
import ShapesNative

/// Async functions of every shape that a name can take, and a task whose native stack runs through
/// C and C++. A name is given as the source has it: an optimised build may call the function
/// `specialized …`.
@main
enum Shapes {
    static func main() async {
        Fixture.serve(tasks: 15)
        let me = Witness.enter()
        await start()
        me.rests(.continuation, in: "static Shapes.main()")
        await withUnsafeContinuation { Held.hold($0) }
    }

    /// One task for each shape; the one that blocks has a thread of its own.
    static func start() async {
        shape("generic") { await generic(41, $0.from(1)) }
        shape("existential") { await existential(Savings(), $0.from(2)) }
        shape("witness") { await constrained(Savings(), $0.from(3)) }
        shape("override") { await Special().serve($0.from(4)) }
        shape("closure") { me in
            await call(me.from(5)) { me in
                let here = "closure #1 in closure #5 in static Shapes.start()"
                me.rests(.continuation, in: here, optional: true)
                await withUnsafeContinuation { Held.hold($0) }
                Held.touch()
            }
        }
        shape("local") { await local($0.from(6)) }
        shape("typed-throws") { me in try? await typedThrows(me.from(7)) }
        shape("getter") { me in _ = try? await Statement(me: me.from(8)).total }
        shape("subscript") { me in _ = try? await Statement(me: me.from(9))[7] }
        shape("init") { me in _ = await Opened(me.from(10)) }
        shape("extension") { await [1, 2, 3].settle($0.from(11)) }
        shape("operator") { await Savings() <+> $0.from(12) }
        shape("unicode") { await überweisung_日本($0.from(13)) }
        let executor = ThreadExecutor("native", asTask: true)
        Kept.executor = executor
        Task(name: "native", executorPreference: executor) {
            throughC(.enter("native").from(14))
        }
    }

    static func shape(_ name: String, _ body: @escaping @Sendable (Witness) async -> Void) {
        Task.detached(name: name) {
            let me = Witness.enter(name)
            me.calls(in: "closure #1 in static Shapes.shape(_:_:)")
            await body(me)
            Held.touch()
        }
    }

    @inline(never)
    static func generic<Value: Sendable>(_ value: Value, _ me: Witness) async {
        me.rests(.continuation, in: "static Shapes.generic<A>(_:_:)")
        await withUnsafeContinuation { Held.hold($0) }
        withExtendedLifetime(value) { Held.touch() }
    }

    @inline(never)
    static func existential(_ account: any Account, _ me: Witness) async {
        me.calls(in: "static Shapes.existential(_:_:)")
        await account.balance(me)
        Held.touch()
    }

    @inline(never)
    static func constrained<Kind: Account>(_ account: Kind, _ me: Witness) async {
        me.calls(in: "static Shapes.constrained<A>(_:_:)")
        await account.balance(me)
        Held.touch()
    }

    @inline(never)
    static func call(_ me: Witness, _ body: @Sendable (Witness) async -> Void) async {
        me.calls(in: "static Shapes.call(_:_:)")
        await body(me)
        Held.touch()
    }

    @inline(never)
    static func local(_ me: Witness) async {
        @inline(never)
        func inner(_ depth: Int) async {
            if depth > 0 {
                me.calls(in: "inner #1 (_:) in static Shapes.local(_:)")
                await inner(depth - 1)
            } else {
                me.rests(.continuation, in: "inner #1 (_:) in static Shapes.local(_:)")
                await withUnsafeContinuation { Held.hold($0) }
            }
            Held.touch()
        }
        me.calls(in: "static Shapes.local(_:)")
        await inner(1)
        Held.touch()
    }

    @inline(never)
    static func typedThrows(_ me: Witness) async throws(Refused) {
        me.rests(.continuation, in: "static Shapes.typedThrows(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        if Threads.current > 0 { throw Refused() }
    }

    // MARK: Down through C and C++

    @inline(never)
    static func throughC(_ me: Witness) {
        me.calls(in: "static Shapes.throughC(_:)")
        c_visit(visitor, Unmanaged.passRetained(me).toOpaque())
        Held.touch()
    }

    /// Called by C.
    static let visitor: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context else { return }
        let me = Unmanaged<Witness>.fromOpaque(context).takeUnretainedValue()
        me.calls(in: "c_visit", line: 6)
        let here = "closure #1 in variable initialization expression of static Shapes.visitor"
        me.runs(blockedIn: SystemCall.read, in: here, also: ["below": ["wait", "cpp_block"]])
        cpp_block()
        Held.touch()
    }
}

extension Witness {
    /// Tells of the call on this same line, in one of the closures of `start`.
    func from(_ closure: Int, line: Int = #line) -> Witness {
        calling(in: "closure #\(closure) in static Shapes.start()", line: line)
    }
}

struct Refused: Error {}

protocol Account: Sendable {
    func balance(_ me: Witness) async
}

struct Savings: Account {
    @inline(never)
    func balance(_ me: Witness) async {
        me.rests(.continuation, in: "Savings.balance(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }
}

infix operator <+>

extension Savings {
    @inline(never)
    static func <+> (savings: Savings, me: Witness) async {
        me.rests(.continuation, in: "static Savings.<+> infix(_:_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }
}

class Plain: @unchecked Sendable {
    @inline(never)
    func serve(_ me: Witness) async { Held.touch() }
}

final class Special: Plain, @unchecked Sendable {
    @inline(never)
    override func serve(_ me: Witness) async {
        me.rests(.continuation, in: "Special.serve(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }
}

struct Statement: Sendable {
    let me: Witness

    var total: Int {
        @inline(never)
        get async throws {
            me.rests(.continuation, in: "Statement.total.getter")
            await withUnsafeContinuation { Held.hold($0) }
            throw Refused()
        }
    }

    subscript(line: Int) -> Int {
        @inline(never)
        get async throws {
            me.rests(.continuation, in: "Statement.subscript.getter")
            await withUnsafeContinuation { Held.hold($0) }
            throw Refused()
        }
    }
}

struct Opened: Sendable {
    let id: Int

    @inline(never)
    init(_ me: Witness) async {
        me.rests(.continuation, in: "Opened.init(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        id = Threads.current
    }
}

extension Array {
    @inline(never)
    func settle(_ me: Witness) async {
        me.rests(.continuation, in: "Array.settle(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }
}

/// A name in more than one script.
@inline(never)
func überweisung_日本(_ me: Witness) async {
    me.rests(.continuation, in: "überweisung_日本(_:)")
    await withUnsafeContinuation { Held.hold($0) }
    Held.touch()
}

enum Kept { nonisolated(unsafe) static var executor: ThreadExecutor? }
