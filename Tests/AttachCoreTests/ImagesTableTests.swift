import AttachReport
import Glibc
import Testing

@testable import AttachCore

@Suite struct ImageTableTests {
    @Test func findsTheImagesOfThisProcess() throws {
        let own = OwnProcess()
        #expect(own.table.gaps.isEmpty)
        let names = Set(own.table.images.map(\.record.name))
        #expect(names.isSuperset(of: ["libc.so.6", "libswiftCore.so"]))
        for image in own.table.images {
            #expect(image.file != nil)
            #expect(!image.executableRanges.isEmpty)
            #expect(image.record.buildID != nil, "\(image.record.name)")
            #expect(image.exceptionFrameHeader != nil, "\(image.record.name)")
        }
    }

    @Test(arguments: ["malloc", "getpid", "swift_retain", "swift_task_create"])
    func agreesWithTheDynamicLinkerOnWhereSymbolsLie(name: String) throws {
        let own = OwnProcess()
        let real = try unsafe #require(dlsym(nil, name))
        let address = Address(UInt64(UInt(bitPattern: real)))
        let found = own.table.addresses(ofSymbols: [name])[name] ?? []
        #expect(found.contains(address))
        let range = try #require(own.table.functionRange(containing: address))
        #expect(range.lowerBound == address.value)
        #expect(own.table.isExecutable(address))

        var symbolizer = Symbolizer(images: own.table, memory: TargetMemory(), readsLines: false)
        let code = CodeAddress(address: address, kind: .programCounter)
        let frame = try #require(symbolizer.frames(for: [code])[code]?.last)
        #expect(frame.function?.hasSuffix(name) == true)
        #expect(frame.symbolOffset == 0)
    }

    @Test func fileSegmentsHoldWhatMemoryHolds() throws {
        let own = OwnProcess()
        let (segments, owners) = own.table.fileSegments()
        let memory = TargetMemory(segments: segments, owners: owners)
        let real = try unsafe #require(dlsym(nil, "malloc"))
        let expected = unsafe Array(UnsafeRawBufferPointer(start: real, count: 64))
        let address = Address(UInt64(UInt(bitPattern: real)))
        #expect(memory.copy(address, count: 64) == expected)
    }

    @Test func demanglesAsTheRuntimeDoes() {
        #expect(Symbolizer.demangle("$s4main4BankC8withdrawyS2iYaKFTQ0_") == "Bank.withdraw(_:)")
        #expect(Symbolizer.demangle("main") == nil)
        #expect(
            Symbolizer.demangle("_ZN5swift16runJobInExecutorEv@@X_1") == "swift::runJobInExecutor()"
        )
    }
}
