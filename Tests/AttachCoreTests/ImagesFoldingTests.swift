import AttachReport
import Testing

@testable import AttachCore

@Suite struct FoldingTests {
    @Test(arguments: [
        "$s10SourceKitD11SKDResponseCs5Error_pIeghHozo_BAACsAD_pIeghHgILrzo_TRTATQ0_",
        "$s10SourceKitD11SKDResponseCs5Error_pIeghHozo_BAACsAD_pIeghHgILrzo_TRTQ0_",
        "$s10SourceKitDAAC4keysAA015sourcekitd_api_C0VvgAEyXEfU_TATm",
        "$s10SourceKitD11PluginPathsVSgWOe",
    ])
    func foldsWhatForwards(symbol: String) {
        #expect(FrameFolding.judge(symbol: symbol, image: "program") == .thunk)
    }

    @Test(arguments: [
        "$s4main4BankC8withdrawyS2iYaKFTQ0_", "$s4main4BankC8withdrawyS2iYaKF",
        "$s10SourceKitDAAC4keysAA015sourcekitd_api_C0VvgAEyXEfU_",
        "$s10DocCCommon14SourceLanguageV10javaScriptACvgZ", "pthread_mutex_lock", "nanosleep",
        "_dispatch_semaphore_wait_slow", "_dispatch_sync_f_slow", "__DISPATCH_WAIT_FOR_QUEUE__",
        "read", "main", "swift_once", "task_list_print",
    ])
    func showsWhatAPersonWroteOrWaitsFor(symbol: String) {
        #expect(FrameFolding.judge(symbol: symbol, image: "program") == nil)
    }

    @Test(arguments: [
        "start_thread", "__libc_start_main@@GLIBC_2.34", "_dispatch_worker_thread",
        "_dispatch_continuation_pop", "_dispatch_async_redirect_invoke", "swift_job_run",
        "_ZN5swift34runJobInEstablishedExecutorContextEPNS_3JobE",
        "_ZL12completeTaskPN5swift12AsyncContextEPNS_10SwiftErrorE",
    ])
    func foldsMachineryWhereverItIsLinked(symbol: String) {
        #expect(FrameFolding.judge(symbol: symbol, image: "program") == .runtime)
    }

    private func frame(_ function: String, _ folding: Frame.Folding?) -> Frame {
        Frame(
            kind: .returnAddress, address: Address(1), function: function, symbol: function,
            image: "program", folding: folding)
    }

    @Test func neverFoldsWhereAThreadStands() {
        var frames = [frame("_dispatch_worker_thread", .runtime), frame("start_thread", .runtime)]
        FrameFolding.settle(&frames)
        #expect(frames.map(\.folding) == [nil, .runtime])
    }

    @Test func showsAForwarderThatIsTheOnlyTraceOfAFunction() {
        let thunk = "partial apply for closure #1 in Bank.open()"
        let witness = "protocol witness for Account.close(_:) in conformance Bank"
        var merged = [frame("read", nil), frame(thunk, .thunk), frame(witness, .thunk)]
        FrameFolding.settle(&merged)
        #expect(merged.map(\.folding) == [nil, nil, nil])

        var separate = [
            frame("closure #1 in Bank.open()", nil), frame(thunk, .thunk),
            frame("Bank.close(_:)", nil), frame(witness, .thunk),
        ]
        FrameFolding.settle(&separate)
        #expect(separate.map(\.folding) == [nil, .thunk, nil, .thunk])
    }

    /// `make()` copied for a type, and the original inlined into its caller around the call of
    /// the copy.
    @Test func foldsWhatInliningLeftOfAnOriginal() {
        let original = "$s1m4makeyyYaF"
        let copy = "$s1m4makeyyYaFTf4n_n"
        func inlined(_ symbol: String) -> Frame {
            Frame(
                kind: .inlined, address: Address(2), function: "make()", symbol: symbol,
                image: "program")
        }
        func physical(_ symbol: String, _ name: String, line: Int?) -> Frame {
            Frame(
                kind: .asyncResumePoint, address: Address(3), function: name, symbol: symbol,
                image: "program",
                location: line.map { SourceLocation(file: "/m.swift", line: $0, column: nil) })
        }
        let leaf = physical("$s1m4leafyyYaFTQ0_", "leaf()", line: 3)
        let caller = physical("$s1m6calleryyYaFTQ1_", "caller()", line: 9)
        var frames = [
            leaf, physical(copy + "TQ0_", "make()", line: 5), inlined(copy + "Tf4d_n"),
            inlined(original), caller,
        ]
        FrameFolding.settle(&frames)
        #expect(frames.map(\.folding) == [nil, nil, .thunk, .thunk, nil])

        // A line is a place to wait at; the same symbol is recursion; the innermost frame is never
        // folded.
        var placed = [leaf, physical(copy, "make()", line: 5), inlined(original), caller]
        placed[2].location = caller.location
        FrameFolding.settle(&placed)
        #expect(placed.allSatisfy { $0.folding == nil })
        var recursive = [leaf, physical(copy + "TQ0_", "make()", line: 5), inlined(copy), caller]
        FrameFolding.settle(&recursive)
        #expect(recursive.allSatisfy { $0.folding == nil })
        var top = [inlined(copy), inlined(original), caller]
        FrameFolding.settle(&top)
        #expect(top.map(\.folding) == [nil, .thunk, nil])
    }

    @Test func foldsWhatCallsTheMainOfAType() {
        var frames = [
            frame("leaf()", nil), frame("static Program.$main()", nil), frame("async_Main", nil),
        ]
        frames[2].symbol = "async_MainTQ0_"
        var topLevel = frames
        topLevel[2].location = SourceLocation(file: "/main.swift", line: 3)
        // Compilers before 6.2 give a line to the call of `$main`.
        var older = topLevel
        topLevel.remove(at: 1)
        FrameFolding.settle(&older)
        #expect(older.map(\.folding) == [nil, .thunk, .thunk])
        FrameFolding.settle(&frames)
        #expect(frames.map(\.folding) == [nil, .thunk, .thunk])
        FrameFolding.settle(&topLevel)
        #expect(topLevel.map(\.folding) == [nil, nil])
    }

    @Test func foldsAThreadStartWithoutAName() {
        var frames = [
            frame("read", nil), frame("work()", nil),
            Frame(kind: .returnAddress, address: Address(2), image: "libc.so.6"),
            frame("clone3", .runtime),
        ]
        FrameFolding.settle(&frames)
        #expect(frames.map(\.folding) == [nil, nil, .runtime, .runtime])
    }
}

@Suite struct DemanglerTests {
    @Test func aClosureAtTopLevelHasAPlace() {
        #expect(Symbolizer.displayName("$s1myyXEfU_") == "closure #1 in top-level code")
        #expect(Symbolizer.displayName("$s4main1fyyFyycfU_") == "closure #1 in f()")
    }

    @Test func agreesWithTheToolchain() throws {
        let loaded = try #require(LoadedFile("\(Oracle.toolchain)/swift-format"))
        var symbols: [String] = []
        let table = try #require(SymbolTable.tables(of: loaded.file).first)
        var count = 0
        table.forEach { entry in
            count += 1
            guard count % 7 == 0 else { return true }
            let name = table.name(entry.name)
            if Demangler.isSwift(name) { symbols.append(name) }
            return symbols.count < 5000
        }
        let output = try #require(
            Oracle.run(
                "\(Oracle.toolchain)/swift-demangle", ["--compact", "--simplified"],
                input: symbols.joined(separator: "\n") + "\n"))
        let expected = output.split(separator: "\n").map(String.init)
        try #require(expected.count == symbols.count)
        for (symbol, name) in zip(symbols, expected) {
            var ours = Demangler.demangle(symbol) ?? symbol
            // The short form does not say that a function stands for several.
            if ours.hasPrefix("merged ") { ours.removeFirst("merged ".count) }
            #expect(ours == name)
        }
    }

    @Test(
        arguments: [
            // Of `hold` and of `occupyMainActor`, which do the same.
            (
                "$s4main1AO15occupyMainActoryyAA7WitnessCFZTf4nd_nTm",
                "merged specialized static A.occupyMainActor(_:)"
            ),
            ("$s4main1AO4stepyySiYaFZTmTQ0_", "merged static A.step(_:)"),
            ("$s4main8TmFinderV1fyyF", "TmFinder.f()"),
            // As Swift 6.0 mangles it, and its demangler names it.
            (
                "$s4main1AO7genericyyx_AA7WitnessCtYas8SendableRzlFZSi_Tgm5Tf4dn_nTQ2_",
                "specialized static A.generic<A>(_:_:)"
            ),
        ])
    func namesWhatOtherToolsDoNot(symbol: String, name: String) {
        #expect(Demangler.demangle(symbol) == name)
    }

    @Test func cutsWhatIsTooLong() {
        #expect(Demangler.demangle("$s" + String(repeating: "4main", count: 20_000)) == nil)
        let long = String(repeating: "é", count: 4000)
        let cut = Demangler.shortened(long)
        #expect(cut.utf8.count <= Demangler.outputLimit && cut.hasSuffix("é…"))
    }

    /// `f(P<Int, Int>, P<P<Int, Int>, P<Int, Int>>, …)`, each parameter twice as long as the last.
    private func doubling(_ levels: Int) -> String {
        let parameters = (0..<levels).map { level in
            level < 22 ? "ADyA2\(Character(UnicodeScalar(UInt8(69 + level))))G" : "ADyA_A_G"
        }
        return "$s1m1fyyAA1PVyS2iG_\(parameters.joined())tF"
    }

    private var templates: String {
        let numbers = (0..<30).map { String($0, radix: 36, uppercase: true) }
        return "_Z1f1AIiiE" + numbers.map { "S_IS\($0)_S\($0)_E" }.joined()
    }

    @Test func refusesWhatStandsForTooLongAName() {
        #expect(Demangler.longForm(doubling(4))?.utf8.count ?? 0 > 400)
        #expect(DemanglingCost.isBearable(doubling(4)))
        // Suspected, and asked for with precautions.
        #expect(Demangler.longForm(doubling(12))?.utf8.count ?? 0 > 40_000)
        #expect(!DemanglingCost.isBearable(doubling(12)))
        #expect(!Demangler.isRefused(doubling(12)))

        let start = ContinuousClock.now
        #expect(Demangler.longForm(doubling(23)) == nil && Demangler.isRefused(doubling(23)))
        #expect(Demangler.demangle(templates) == nil && Demangler.isRefused(templates))
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test(arguments: [
        // By counts: two thousand times two thousand times what was there.
        "$s1m1fyyAA1PVyS2iG_A2000aA2000bA2000cA2000dtF",
        // With an identifier that looks like references.
        "$s1m1fyyAA2AZVyS2iG_A2000aA2000bA2000cA2000dtF",
        "_Z1fIiEvT_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_T_",
    ])
    func suspectsWhatMayBeLong(symbol: String) { #expect(!DemanglingCost.isBearable(symbol)) }

    @Test func demanglesTheSameInAProcessOfItsOwn() throws {
        let symbol = "$s4main4BankC8withdrawyS2iYaKFTQ0_"
        let name = try DemanglerProcess.name { Demangler.longForm(symbol) }
        #expect(name == Demangler.longForm(symbol))
        #expect(try DemanglerProcess.name { nil } == nil)
    }

    @Test func suspectsFewRealSymbols() throws {
        let loaded = try #require(LoadedFile("\(Oracle.toolchain)/sourcekit-lsp"))
        let table = try #require(SymbolTable.tables(of: loaded.file).first)
        var count = 0
        var asked = 0
        var suspected: [String] = []
        table.forEach { entry in
            count += 1
            guard count % 19 == 0, entry.mayBeFunction else { return true }
            let name = table.name(entry.name)
            asked += 1
            if !DemanglingCost.isBearable(name) { suspected.append(name) }
            return true
        }
        #expect(
            suspected.count * 16 <= asked, "\(suspected.count) of \(asked): \(suspected.prefix(5))")
    }

    @Test(arguments: [
        ("main.f(x: () async -> ()) -> ()", false), ("main.f() async throws -> ()", true),
        ("closure #1 () -> () in main.f() async -> ()", false),
        ("closure #1 () async -> () in main.f() -> ()", true),
        ("main.f<A where A: main.P>(A) async -> A", true), ("main.f() -> () async -> ()", false),
    ])
    func tellsAsyncFunctions(name: String, isAsync: Bool) {
        #expect(SwiftEntity(longForm: name).isAsync == isAsync)
    }
}
