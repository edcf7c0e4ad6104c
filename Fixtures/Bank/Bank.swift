import Glibc

/// A bank where everything hangs at once: the example to point asyncattach at.
///
/// Nothing here is exotic; each of the five troubles is a mistake one can make on a Monday. The
/// calls on `me` only write down, for the project's tests, what each task is about to do.
@main
struct Bank {
    static func main() async {
        Fixture.serve(tasks: 11, helpers: 3)
        greet()
        let me = Witness.enter()

        // 1. Somebody sleeps *in* the actor, with the thread: two callers queue behind.
        let vault = Vault()
        Task(name: "audit") { await vault.audit(.from(1, "audit")) }
        await Witness.others(atLeast: 1)
        Task(name: "withdraw-alice") {
            await withdraw(100, from: vault, .from(2, "withdraw-alice"))
        }
        Task(name: "withdraw-bob") {
            await withdraw(50, from: vault, .from(3, "withdraw-bob"))
        }

        // 2. A continuation that nobody will ever resume.
        Task(name: "exchange-rate") { await exchangeRate(.from(4, "exchange-rate")) }

        // 3. A group that waits for three branches; they answer tomorrow.
        Task(name: "month-end") { await closeMonth(.from(5, "month-end")) }

        // 4. A transfer that failed. Somebody holds the task, nobody reads the error.
        let transfer = Task { () throws in throw InsufficientFunds() }
        while !TaskObject.of(transfer).isComplete { await Task.yield() }
        Witness.enter(of: transfer, .completed, also: ["error": "InsufficientFunds"])

        // 5. And the bank itself waits for a report, whose converter never answers.
        let report = Task(name: "report") { await Report().write(.from(7, "report")) }
        await Witness.others(atLeast: 10)
        me.rests(.task, on: .find("report"), in: "static Bank.main()")
        await report.value
        withExtendedLifetime(transfer) {}
    }

    @inline(never)
    static func withdraw(_ amount: Int, from vault: Vault, _ me: Witness) async {
        me.queues(for: .actor, in: "static Bank.withdraw(_:from:_:)")
        await vault.withdraw(amount)
        Held.touch()
    }

    @inline(never)
    static func exchangeRate(_ me: Witness) async -> Int {
        me.rests(.continuation, in: "static Bank.exchangeRate(_:)", also: ["lost": true])
        let rate = await withUnsafeContinuation { (_: UnsafeContinuation<Int, Never>) in
            // The one who was to answer forgot to keep it.
        }
        Held.touch()
        return rate
    }

    @inline(never)
    static func closeMonth(_ me: Witness) async {
        me.calls(in: "static Bank.closeMonth(_:)")
        await withTaskGroup(of: Void.self) { group in
            for branch in ["north", "south", "west"] {
                group.addTask(name: branch) {
                    let branch = Witness.enter(branch, parent: me, group: true)
                    branch.calls(in: "closure #1 in closure #1 in static Bank.closeMonth(_:)")
                    await settle(branch)
                }
            }
            me.rests(.group, in: "closure #1 in static Bank.closeMonth(_:)", optional: true)
            await group.waitForAll()
        }
        Held.touch()
    }

    @inline(never)
    static func settle(_ me: Witness) async {
        me.rests(.sleep, in: "static Bank.settle(_:)")
        try? await Task.sleep(for: .seconds(86_400))
        Held.touch()
    }

    /// Tells a person what to do next; a test reads the facts instead.
    static func greet() {
        guard isatty(STDOUT_FILENO) == 1 else { return }
        print("The bank hangs. In another terminal: asyncattach \(getpid())")
        fflush(nil)
    }
}

struct InsufficientFunds: Error {}

/// The money, one caller at a time.
actor Vault {
    private var balance = 120

    func withdraw(_ amount: Int) { balance -= amount }

    /// Blocks the thread, not just the task: nobody else gets into the vault.
    @inline(never)
    func audit(_ me: Witness) {
        me.runs(blockedIn: SystemCall.clockNanosleep, in: "Vault.audit(_:)")
        while true { usleep(1_000_000_000) }
    }
}

/// Three calls deep, and then waiting.
struct Report {
    @inline(never)
    func write(_ me: Witness) async {
        me.calls(in: "Report.write(_:)")
        await convert(me)
        Held.touch()
    }

    @inline(never)
    private func convert(_ me: Witness) async {
        me.rests(.continuation, in: "Report.convert(_:)")
        await withUnsafeContinuation { Held.hold($0) }
        Held.touch()
    }
}

extension Witness {
    /// Enters the task that one of the closures in `main` makes up, and the call on this line.
    static func from(_ closure: Int, _ name: String, line: Int = #line) -> Witness {
        enter(name).calling(in: "closure #\(closure) in static Bank.main()", line: line)
    }
}
