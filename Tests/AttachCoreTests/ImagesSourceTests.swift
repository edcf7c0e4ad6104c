import AttachReport
import Glibc
import Testing

@testable import AttachCore

/// Names, lines and inlined functions, against llvm-symbolizer.
@Suite struct ImageSourceTests {
    @Test(arguments: [
        "\(Oracle.toolchain)/sourcekit-lsp", "\(Oracle.toolchain)/swift-format",
        CommandLine.arguments[0],
    ])
    func agreesWithTheSymbolizer(path: String) throws {
        let loaded = try #require(LoadedFile(path))
        let addresses = Array(Set(loaded.sample(1000))).sorted()
        let expected = try #require(Oracle.symbolize(path, addresses))
        try #require(expected.count == addresses.count)
        var symbolizer = Symbolizer(images: loaded.table)
        let codes = addresses.map {
            CodeAddress(address: Address($0 + LoadedFile.bias), kind: .programCounter)
        }
        let frames = symbolizer.frames(for: Set(codes))
        #expect(symbolizer.gaps.isEmpty)

        var differences: [String] = []
        for (code, expectation) in zip(codes, expected) {
            let said = (frames[code] ?? []).map(Self.line)
            // We give no line to what the compiler wrote itself.
            let wanted = expectation.map { entry in
                let isMade = entry.line == 0 || entry.file.hasSuffix("<compiler-generated>")
                return isMade
                    ? "\(entry.function) ??"
                    : "\(entry.function) \(entry.file):\(entry.line):\(entry.column)"
            }
            if said != wanted { differences.append("\(said)\n\(wanted)") }
        }
        // Of two names for one C++ constructor, either is right.
        #expect(
            differences.count * 200 <= addresses.count,
            "\(differences.count) of \(addresses.count) differ: \(differences.prefix(3))")
    }

    private static func line(_ frame: Frame) -> String {
        let name = frame.symbol ?? "??"
        guard let place = frame.location else { return "\(name) ??" }
        return "\(name) \(place.file):\(place.line):\(place.column ?? 0)"
    }

    @Test func looksUpAReturnAddressOneByteBack() throws {
        let loaded = try #require(LoadedFile("\(Oracle.toolchain)/swift-format"))
        let end = try #require(
            loaded.sample(50).compactMap {
                loaded.table.functionRange(containing: Address($0 + LoadedFile.bias))?.upperBound
            }.first { loaded.table.functionRange(containing: Address($0)) != nil })
        var symbolizer = Symbolizer(images: loaded.table, readsLines: false)
        let back = CodeAddress(address: Address(end), kind: .returnAddress)
        let here = CodeAddress(address: Address(end), kind: .asyncResumePoint)
        let frames = symbolizer.frames(for: [back, here])
        #expect(frames[back]?.last?.symbolOffset != 0)
        #expect(frames[here]?.last?.symbolOffset == 0)
        #expect(frames[back]?.last?.symbol != frames[here]?.last?.symbol)
    }
}
