import AttachReport

/// A code address with what it means, which decides where its name and line are looked up.
struct CodeAddress: Hashable, Sendable {
    /// The address.
    var address: Address
    /// `programCounter`, `returnAddress` or `asyncResumePoint`.
    var kind: Frame.Kind

    /// Where to look: a return address may already belong to the next function or line, the call
    /// before it does not. A resume point is the very entry of its function.
    var lookup: UInt64 {
        kind == .returnAddress && !address.isNull ? address.value - 1 : address.value
    }
}

/// Gives code addresses the names and lines that a person wrote.
struct Symbolizer {
    private let images: ImageTable
    private let readsLines: Bool
    /// Milliseconds that are left for lines.
    private var lineTimeLimit: UInt32
    /// What could not be read of names and lines.
    private(set) var gaps: [Gap] = []

    /// Names come from these images; lines too, unless `readsLines` is false (debug information
    /// is the costly part). Those of all images may take `lineTimeLimit` milliseconds.
    init(
        images: ImageTable, readsLines: Bool = true,
        lineTimeLimit: UInt32 = 40_000
    ) {
        self.images = images
        self.readsLines = readsLines
        self.lineTimeLimit = lineTimeLimit
    }

    /// Frames for each address, inlined ones included, innermost first. Equal requests share one
    /// array. Give everything at once: each symbol table is read in one pass.
    ///
    /// `folding` judges each frame by itself; `FrameFolding.settle` then looks at a whole stack.
    mutating func frames(for addresses: Set<CodeAddress>) -> [CodeAddress: [Frame]] {
        var byImage: [Int: [CodeAddress]] = [:]
        var result: [CodeAddress: [Frame]] = [:]
        var rest: [CodeAddress] = []
        for code in addresses {
            if let index = images.imageIndex(containing: Address(code.lookup)) {
                byImage[index, default: []].append(code)
            } else {
                rest.append(code)
            }
        }
        let generated = images.generatedCode?.functions(at: Set(rest.map(\.lookup))) ?? [:]
        for code in rest {
            var frame = Frame(kind: code.kind, address: code.address)
            if let function = generated[code.lookup] {
                frame.function = function.name
                frame.symbolOffset = code.address.value &- function.start
                frame.image = images.generatedCode?.name
            }
            result[code] = [frame]
        }
        for index in byImage.keys.sorted() {
            let requests = (byImage[index] ?? []).sorted { $0.address < $1.address }
            name(requests, index, into: &result)
        }
        return result
    }

    private mutating func name(
        _ requests: [CodeAddress], _ index: Int, into result: inout [CodeAddress: [Frame]]
    ) {
        let image = images.images[index]
        guard let file = image.file else {
            for code in requests {
                result[code] = [
                    Frame(kind: code.kind, address: code.address, image: image.record.name)
                ]
            }
            return
        }
        let functions = FunctionSymbols(
            Set(requests.map { $0.lookup &- image.loadBias }), in: SymbolTable.tables(of: file))
        let symbols = functions.found
        if functions.isCut {
            note(.symbols(of: image.record.path), .limit, "too many symbols for the same code")
        }
        var places: [CodeAddress: [SourceFrame]] = [:]
        if readsLines {
            let start = Clock.monotonic()
            let lines = SourceProcess(
                file, for: requests, bias: image.loadBias, symbols: symbols,
                milliseconds: lineTimeLimit)
            let milliseconds = UInt32(clamping: (Clock.monotonic() - start) / 1_000_000)
            lineTimeLimit -= min(milliseconds, lineTimeLimit)
            places = lines.frames
            if let damage = lines.damage {
                note(.lines(of: image.record.path), .inconsistent, damage)
            }
        }
        if symbols.values.contains(where: { Demangler.isRefused($0.name) }) {
            note(.symbols(of: image.record.path), .limit, "a symbol stands for too long a name")
        }
        if file.bytes.hasLostPages {
            note(
                .symbols(of: image.record.path), .inconsistent,
                "the file was cut short while it was read")
        }
        for code in requests {
            let symbol = symbols[code.lookup &- image.loadBias]
            result[code] = frames(code, image, symbol, places[code] ?? [])
        }
    }

    private mutating func note(
        _ subject: Gap.Subject, _ reason: Gap.Reason, _ detail: String
    ) {
        let gap = Gap(subject, reason: reason, detail: detail)
        if !gaps.contains(gap) { gaps.append(gap) }
    }

    /// The frames of one address: those inlined there, and the function itself.
    private func frames(
        _ code: CodeAddress, _ image: Image, _ symbol: FunctionSymbol?, _ places: [SourceFrame]
    ) -> [Frame] {
        let offset = code.address.value &- image.loadBias
        var frames = places.dropLast().map { place in
            Frame(
                kind: .inlined, address: code.address,
                function: place.name.map(Self.displayName), symbol: place.name,
                image: image.record.name, imageOffset: offset, location: place.location,
                folding: FrameFolding.judge(symbol: place.name, image: image.record.name))
        }
        let name = symbol?.name ?? places.last?.name
        frames.append(
            Frame(
                kind: code.kind, address: code.address, function: name.map(Self.displayName),
                symbol: name, symbolOffset: symbol.map { offset &- $0.start },
                image: image.record.name, imageOffset: offset, location: places.last?.location,
                folding: FrameFolding.judge(symbol: name, image: image.record.name),
                aliases: symbol?.aliases ?? 0))
        return frames
    }

    /// What to call a function with this symbol: the name as written, whether or not the compiler
    /// made a copy of it for certain types; a C symbol as it is, without a version.
    static func displayName(_ symbol: String) -> String {
        guard var name = Demangler.demangle(symbol) else {
            return Demangler.shortened(Demangler.withoutVersion(symbol))
        }
        let mark = Demangler.specializedMark
        if name.hasPrefix(mark) { name.removeFirst(mark.count) }
        // The demangler leaves the place empty that has no name: `closure #1 in `.
        return name.hasSuffix(" in ") ? name + "top-level code" : name
    }
}
