import AttachReport
import Glibc
import TestSupport
import Testing

@testable import AttachCore

/// Files of which the section headers were cut off: the dynamic segment must do.
@Suite struct ImagesWithoutSectionsTests {
    /// How a library is linked.
    static let linkings = [
        ["-fuse-ld=gold", "-Wl,--hash-style=gnu"], ["-fuse-ld=gold", "-Wl,--hash-style=sysv"],
        ["-fuse-ld=lld", "-Wl,--hash-style=gnu"], ["-fuse-ld=bfd", "-Wl,--hash-style=both"],
    ]

    /// A library with some functions of its own, and one that it has from elsewhere.
    private static func library(_ options: [String]) throws -> (whole: [UInt8], bare: [UInt8]) {
        let path = "/tmp/asyncattach-dynamic-\(UInt64.random(in: 0...UInt64.max))"
        defer {
            _ = unsafe unlink(path)
            _ = unsafe unlink(path + ".bare")
        }
        let functions = (0..<40).map { "int exported_\($0)(int x) { return puts(\"\") + x; }" }
        _ = Oracle.run(
            "\(Oracle.toolchain)/clang",
            ["-O1", "-w", "-shared", "-fPIC", "-x", "c", "-", "-o", path] + options,
            input: (["int puts(const char *);"] + functions).joined(separator: "\n"))
        _ = Oracle.run(
            "\(Oracle.toolchain)/llvm-objcopy", ["--strip-sections", path, path + ".bare"],
            input: "")
        return (OwnProcess.bytes(path), OwnProcess.bytes(path + ".bare"))
    }

    private static func dynamicSymbols(_ file: ELFFile) -> [String: UInt64] {
        var symbols: [String: UInt64] = [:]
        guard let table = SymbolTable(ELFLayout.Section.dynamicSymbols, of: file) else {
            return [:]
        }
        table.forEach { entry in
            if entry.isDefined { symbols[table.name(entry.name)] = entry.value }
            return true
        }
        return symbols
    }

    @Test(arguments: linkings)
    func exportedNamesAreReadFromTheDynamicSegment(options: [String]) throws {
        let library = try Self.library(options)
        let whole = try ELFFile(ImageBytes(copying: library.whole))
        let bare = try ELFFile(ImageBytes(copying: library.bare))
        #expect(bare.layout.section(named: ".dynsym", in: bare.bytes) == nil)
        #expect(bare.layout.damage == nil)
        let names = Self.dynamicSymbols(bare)
        #expect(names == Self.dynamicSymbols(whole))
        #expect(names["exported_39"] != nil)
        #expect(bare.buildID == whole.buildID)
        // The old kind of hash table is not used, the new one is found where there is one.
        let hash = SymbolHash(of: bare)
        #expect((hash == nil) == options.contains("-Wl,--hash-style=sysv"))
        for name in ["exported_0", "exported_39", "puts", "missing"] {
            #expect(hash?.candidates(for: name) == SymbolHash(of: whole)?.candidates(for: name))
        }
    }

    /// Whatever the segment says, the answer comes soon and from within the file.
    @Test(arguments: linkings)
    func hostileDynamicSegments(options: [String]) throws {
        let bytes = try Self.library(options).bare
        let layout = try ELFLayout(ImageBytes(copying: bytes))
        let dynamic = try #require(
            layout.segments.first { $0.type == ELFLayout.Segment.dynamic })
        let hash = layout.sections.first { $0.type == ELFLayout.Section.gnuHash }
        var places = Array(Int(dynamic.offset)..<Int(dynamic.offset + dynamic.fileSize))
        if let hash { places += Int(hash.offset)..<Int(hash.offset + hash.size) }
        var generator = Seed()
        for _ in 0..<2000 {
            var broken = bytes
            for _ in 0..<3 {
                let place = places.randomElement(using: &generator) ?? 0
                broken[place] = [0, 1, 0x7f, 0xff].randomElement(using: &generator) ?? 0
            }
            let file = try ELFFile(ImageBytes(copying: broken))
            for section in file.layout.sections {
                #expect(file.bytes.holds(section.offset, section.size))
            }
            _ = Self.dynamicSymbols(file)
            _ = SymbolHash(of: file)?.candidates(for: "exported_3")
        }
    }
}
