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
            #expect((Demangler.demangle(symbol) ?? symbol) == name)
        }
    }

    @Test func cutsWhatIsTooLong() {
        #expect(Demangler.demangle("$s" + String(repeating: "4main", count: 20_000)) == nil)
        let long = String(repeating: "é", count: 4000)
        let cut = Demangler.shortened(long)
        #expect(cut.utf8.count <= Demangler.outputLimit && cut.hasSuffix("é…"))
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
