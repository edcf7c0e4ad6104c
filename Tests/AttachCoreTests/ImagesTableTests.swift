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

        var symbolizer = Symbolizer(images: own.table, readsLines: false)
        let code = CodeAddress(address: address, kind: .programCounter)
        let frame = try #require(symbolizer.frames(for: [code])[code]?.last)
        #expect(frame.function?.hasSuffix(name) == true)
        #expect(frame.symbolOffset == 0)
    }

    /// The C library's versions, aliases and internal names of one function are no other names.
    @Test(arguments: ["_IO_file_underflow", "_IO_proc_close", "read", "clock_gettime", "fread"])
    func countsNoVariantsOfOneNameAsOthers(name: String) throws {
        let own = OwnProcess()
        let real = try unsafe #require(dlsym(nil, name))
        let code = CodeAddress(
            address: Address(UInt64(UInt(bitPattern: real))), kind: .programCounter)
        var symbolizer = Symbolizer(images: own.table, readsLines: false)
        let frame = try #require(symbolizer.frames(for: [code])[code]?.last)
        #expect(frame.symbolOffset == 0 && frame.aliases == 0, "\(frame)")
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
        #expect(Demangler.demangle("$s4main4BankC8withdrawyS2iYaKFTQ0_") == "Bank.withdraw(_:)")
        #expect(Demangler.demangle("main") == nil)
        #expect(
            Demangler.demangle("_ZN5swift16runJobInExecutorEv@@X_1") == "swift::runJobInExecutor()"
        )
    }

    /// One file loaded at two places.
    @Test func tellsTwoCopiesOfAFileApart() throws {
        let path = "\(Oracle.toolchain)/swift-format"
        let loaded = try #require(LoadedFile(path))
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        let distance: UInt64 = 0x100_0000_0000
        let near = LoadedFile.mappings(of: loaded.file, path)
        let far = near.map { mapping in
            var moved = mapping
            moved.start += distance
            moved.end += distance
            return moved
        }
        let table = ImageTable(
            capture: OwnProcess.capture(
                near + far,
                [
                    MappedFile(
                        path: path, device: 1, inode: 2, file: OpenFile(adopting: descriptor))
                ],
                TargetMemory()))
        #expect(table.gaps.isEmpty)
        try #require(table.images.count == 2)
        #expect(table.images[1].loadBias == table.images[0].loadBias + distance)
        #expect(table.images[0].mappings.count == near.count)
        #expect(table.images[1].mappings.count == near.count)

        let place = try #require(loaded.sample(1).first)
        var symbolizer = Symbolizer(images: table)
        let codes = [LoadedFile.bias, LoadedFile.bias + distance].map {
            CodeAddress(address: Address($0 + place), kind: .programCounter)
        }
        let frames = symbolizer.frames(for: Set(codes))
        let names = codes.map { frames[$0]?.compactMap(\.symbol) ?? [] }
        #expect(!names[0].isEmpty && names[0] == names[1])
        #expect(frames[codes[0]]?.last?.imageOffset == frames[codes[1]]?.last?.imageOffset)
    }
}
