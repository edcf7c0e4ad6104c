import AttachReport
import Glibc
import Testing

@testable import AttachCore

/// Files that lie. Whatever they say, the answer is a gap or nothing, in little time.
@Suite struct HostileImageTests {
    /// A small program with symbols, unwind tables and debug information.
    static let program = build([])

    private static func build(_ options: [String]) -> [UInt8] {
        let path = "/tmp/asyncattach-hostile-\(getpid())\(options.joined())"
        defer { _ = unsafe unlink(path) }
        let source = """
            static inline int inner(int x) { return x * 3; }
            __attribute__((noinline)) int outer(int x) { return inner(x) + 1; }
            int _start(void) { return outer(2); }
            """
        _ = Oracle.run(
            "\(Oracle.toolchain)/clang",
            ["-g", "-O1", "-nostdlib", "-x", "c", "-", "-o", path, "-Wl,--build-id"]
                + options,
            input: source)
        return OwnProcess.bytes(path)
    }

    /// Where the kernel would map it when it is whole, and addresses all over its code.
    private static let (mappings, places): ([Mapping], [UInt64]) = {
        guard let file = try? ELFFile(ImageBytes(copying: program)) else { return ([], []) }
        let code = file.layout.sections.filter(\.isExecutable).flatMap {
            stride(from: $0.address, to: $0.address + $0.size, by: 3)
        }
        return (LoadedFile.mappings(of: file, "/hostile"), code + [0, 1, 0xfff, 0x7fff_ffff])
    }()

    /// Asks everything of a file with these bytes, as if it were loaded.
    private func ask(_ bytes: [UInt8]) throws -> (table: ImageTable, frames: Int) {
        let descriptor = try #require(Oracle.scratchFile())
        defer { close(descriptor) }
        #expect(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
        let table = ImageTable(
            capture: OwnProcess.capture(
                Self.mappings,
                [
                    MappedFile(
                        path: "/hostile", device: 1, inode: 2,
                        file: OpenFile(adopting: dup(descriptor)))
                ],
                TargetMemory()))
        var symbolizer = Symbolizer(images: table)
        var codes: Set<CodeAddress> = []
        if !table.images.isEmpty {
            for offset in Self.places {
                let address = Address(LoadedFile.bias + offset)
                codes.insert(CodeAddress(address: address, kind: .programCounter))
                codes.insert(CodeAddress(address: address, kind: .asyncResumePoint))
                _ = table.functionRange(containing: address)
            }
        }
        let frames = symbolizer.frames(for: codes)
        #expect(codes.allSatisfy { frames[$0]?.isEmpty == false })
        _ = table.addresses(ofSymbols: ["outer", "_start", "swift_job_run"])
        let segments = table.fileSegments()
        let memory = TargetMemory(segments: segments.segments, owners: segments.owners)
        _ = memory.copy(Address(LoadedFile.bias), count: min(bytes.count, 0x1000))
        return (table, frames.values.reduce(0) { $0 + $1.count })
    }

    /// Sets an integer in a file.
    private func patch<T: FixedWidthInteger>(_ at: Int, _ value: T) -> [UInt8] {
        var bytes = Self.program
        for index in 0..<MemoryLayout<T>.size {
            bytes[at + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
        }
        return bytes
    }

    private func integer<T: FixedWidthInteger>(_ at: Int, as type: T.Type) -> T {
        (0..<MemoryLayout<T>.size).reduce(0) { $0 | T(Self.program[at + $1]) << T(8 * $1) }
    }

    @Test func readsTheUntouchedFile() throws {
        let (table, frames) = try ask(Self.program)
        #expect(table.images.count == 1 && table.gaps.isEmpty)
        #expect(table.images.first?.record.buildID?.utf8.count == 40)
        #expect(table.addresses(ofSymbols: ["outer"])["outer"]?.count == 1)
        #expect(frames > 0)
    }

    /// libelf writes to the header of a section that it unpacks, which may not be a mapped file's.
    @Test(arguments: ["-gz=zlib", "-gz=none"])
    func readsPackedDebugInformation(option: String) throws {
        let descriptor = try #require(Oracle.scratchFile())
        defer { close(descriptor) }
        let bytes = Self.build([option])
        #expect(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
        let file = try ELFFile(ImageBytes(mapping: descriptor))
        #expect(file.layout.sections.contains(where: \.isCompressed) == (option == "-gz=zlib"))
        let outer = try #require(
            SymbolTable.tables(of: file).first.flatMap { table in
                var place: UInt64?
                table.forEach { entry in
                    if table.name(entry.name) == "outer" { place = entry.value }
                    return place == nil
                }
                return place
            })
        var finder = SourceFinder(file)
        let code = CodeAddress(address: Address(outer), kind: .programCounter)
        let frames = finder.frames(for: [code], bias: 0)[code] ?? []
        #expect(frames.last?.name == "outer")
        #expect(frames.last?.location != nil)
    }

    /// A reference to a file that the target names is not followed, and that is said.
    @Test func saysWhyLinesAreMissing() throws {
        var bytes = Self.program
        // Some section gets the name of one that refers elsewhere.
        let name = Array(".debug_abbrev".utf8) + [0]
        let other = Array(".debug_sup".utf8) + [0]
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        bytes.replaceSubrange(place..<place + other.count, with: other)
        let (table, _) = try ask(bytes)
        var symbolizer = Symbolizer(images: table)
        let outer = try #require(table.addresses(ofSymbols: ["outer"])["outer"]?.first)
        let code = CodeAddress(address: outer, kind: .programCounter)
        #expect(symbolizer.frames(for: [code])[code]?.last?.location == nil)
        #expect(symbolizer.gaps.map(\.detail) == ["debug information refers to another file"])
    }

    @Test func survivesACutAtEveryHeader() throws {
        let sections = Int(integer(40, as: UInt64.self))
        var cuts: [Int] = Array(0...70)
        cuts += (0...12).map { 64 + 56 * $0 }
        cuts += stride(from: sections, to: Self.program.count, by: 8)
        cuts += stride(from: 0, to: Self.program.count, by: 97)
        for cut in cuts where cut <= Self.program.count {
            _ = try ask(Array(Self.program[..<cut]))
        }
    }

    @Test(arguments: [
        (54, 2), (56, 2), (58, 2), (60, 2), (62, 2), (32, 8), (40, 8),
    ])
    func survivesAbsurdHeaderFields(offset: Int, size: Int) throws {
        for value: UInt64 in [0, 1, 0x7fff, 0xffff, 1 << 40, 1 << 62, UInt64.max - 8, .max] {
            let bytes =
                size == 2
                ? patch(offset, UInt16(truncatingIfNeeded: value)) : patch(offset, value)
            _ = try ask(bytes)
        }
    }

    @Test func survivesAbsurdSegmentsAndSections() throws {
        let segments = Int(integer(32, as: UInt64.self))
        let segmentCount = Int(integer(56, as: UInt16.self))
        let sections = Int(integer(40, as: UInt64.self))
        let sectionCount = Int(integer(60, as: UInt16.self))
        var places = (0..<segmentCount).flatMap { index in
            [8, 16, 32, 40, 48].map { segments + 56 * index + $0 }
        }
        places += (0..<sectionCount).flatMap { index in
            [16, 24, 32, 56].map { sections + 64 * index + $0 }
        }
        for place in places {
            for value: UInt64 in [0, 1, 0xfff, 1 << 33, UInt64.max - 23, .max] {
                _ = try ask(patch(place, value))
            }
        }
    }

    @Test func namesNothingWithSectionHeadersOutsideTheFile() throws {
        let (table, _) = try ask(patch(40, UInt64(1) << 40))
        #expect(table.gaps.map(\.reason) == [.inconsistent])
        #expect(table.images.count == 1)
    }

    @Test func survivesFlippedBytes() throws {
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        for _ in 0..<2000 {
            var bytes = Self.program
            for _ in 0...next(4) { bytes[next(bytes.count)] = UInt8(next(256)) }
            _ = try ask(bytes)
        }
    }

    @Test func readsZeroesFromAFileThatIsCutWhileMapped() throws {
        let descriptor = try #require(Oracle.scratchFile())
        defer { close(descriptor) }
        let page = [UInt8](repeating: 7, count: 8192)
        #expect(unsafe write(descriptor, page, page.count) == page.count)
        let bytes = try ImageBytes(mapping: descriptor)
        #expect(bytes.load(5000, as: UInt8.self) == 7)
        #expect(!bytes.hasLostPages)
        #expect(ftruncate(descriptor, 4096) == 0)
        #expect(bytes.load(5000, as: UInt8.self) == 0)
        #expect(bytes.hasLostPages)
        #expect(bytes.load(100, as: UInt8.self) == 7)
    }
}
