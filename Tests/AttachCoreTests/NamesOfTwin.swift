import AttachReport
import TestSupport
import Testing

@testable import AttachCore

/// What the functions of a fixture are called, told by llvm-symbolizer and by the program as it was
/// before it was stripped: there the same code has the same addresses, and names.
struct NamesOfTwin {
    /// What the report calls the image that the fixture's code is in.
    let image: String
    /// The symbol at each place that was asked for, by the address as the file states it.
    private let symbols: [UInt64: String]
    /// All symbols at the places where a symbol begins that was shown and is another one.
    private let aliases: [UInt64: Set<String>]

    /// Names for everything in `stacks` that lies in the fixture's own code.
    init(of name: String, _ mode: Fixture.Mode, for stacks: [[Frame]]) throws {
        let whole = Fixture.path(name, mode.unstripped ?? mode)
        let file = mode.isPlugin ? whole.dropLast(name.count) + "lib\(name).so" : whole
        image = mode.isPlugin ? "lib\(name).so" : name
        let image = image
        let places = Set(stacks.joined().compactMap { Self.place(of: $0, in: image) }).sorted()
        let answers = places.isEmpty ? [] : try #require(Oracle.symbolize(file, places))
        try #require(answers.count == places.count)
        // The last one is the function itself, those before are inlined there.
        let symbols = Dictionary(
            uniqueKeysWithValues: zip(places, answers).compactMap { place, functions in
                functions.last.flatMap { $0.function == "??" ? nil : (place, $0.function) }
            })
        self.symbols = symbols
        let others = stacks.joined().filter { frame in
            frame.symbol != nil
                && Self.place(of: frame, in: image).map { symbols[$0] != frame.symbol } ?? false
        }
        aliases = try Self.symbols(at: Set(others.compactMap(Self.start)), of: file)
    }

    /// Where the symbol of a frame begins.
    private static func start(of frame: Frame) -> UInt64? {
        guard let place = frame.imageOffset, let offset = frame.symbolOffset else { return nil }
        return place &- offset
    }

    /// All that nm calls these places.
    private static func symbols(
        at starts: Set<UInt64>, of file: String
    ) throws -> [UInt64: Set<String>] {
        guard !starts.isEmpty else { return [:] }
        let list = try #require(
            Oracle.run("\(Oracle.toolchain)/llvm-nm", ["--defined-only", file], input: ""))
        let wanted = Dictionary(
            uniqueKeysWithValues: starts.map { start in
                let digits = String(start, radix: 16)
                return (String(repeating: "0", count: 16 - digits.count) + digits, start)
            })
        var names: [UInt64: Set<String>] = [:]
        for line in list.split(separator: "\n") {
            // As it writes them: "0000000000001130 T name".
            guard let start = wanted[String(line.prefix(16))] else { continue }
            names[start, default: []].insert(String(line.dropFirst(19)))
        }
        return names
    }

    /// Where the name of a frame is to be looked up, as the file states it; nil for a frame that
    /// has no place in the image.
    private static func place(of frame: Frame, in image: String) -> UInt64? {
        guard frame.image == image, let address = frame.address, let offset = frame.imageOffset
        else { return nil }
        let code = CodeAddress(address: address, kind: frame.kind)
        return frame.kind == .inlined ? nil : offset &- (address.value &- code.lookup)
    }

    /// Whether a frame bears a name that is not the one of its code.
    func isMisnamed(_ frame: Frame) -> Bool {
        guard let place = Self.place(of: frame, in: image), let symbol = frame.symbol else {
            return frame.kind != .inlined && frame.image == image && frame.function != nil
        }
        guard let told = symbols[place] else { return true }
        // Code can have several names.
        let names = Self.start(of: frame).flatMap { aliases[$0] } ?? []
        return symbol != told && !(names.contains(symbol) && names.contains(told))
    }

    /// The stack with the names of the twin where it has none.
    func naming(_ frames: [Frame]) -> [Frame] {
        var frames = frames.map { frame in
            guard frame.symbol == nil, let place = Self.place(of: frame, in: image),
                let symbol = symbols[place]
            else { return frame }
            var frame = frame
            frame.symbol = symbol
            frame.function = Symbolizer.displayName(symbol)
            frame.folding = FrameFolding.judge(symbol: symbol, image: frame.image)
            return frame
        }
        FrameFolding.settle(&frames)
        return frames
    }
}
