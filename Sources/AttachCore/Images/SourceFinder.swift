import AttachReport

/// One level of the functions at an address, as debug information tells it.
struct SourceFrame: Hashable, Sendable {
    /// The linkage name, or the plain name where it has none.
    var name: String?
    /// Where in it.
    var location: SourceLocation?
}

/// Finds source lines and inlined functions of one file's addresses.
struct SourceFinder {
    private let file: ELFFile
    private let information: DebugInformation?
    /// Why there are no lines, though there is debug information.
    private(set) var damage: String?

    init(_ file: ELFFile) {
        self.file = file
        do {
            information = try DebugInformation.open(file)
        } catch {
            information = nil
            damage = error.description
        }
    }

    /// For each address the functions there, innermost first; the last one is the function itself.
    /// `symbols` names the functions by address, before the load bias: of a piece of an async
    /// function that has no line of its own, the rest of the function is asked.
    mutating func frames(
        for requests: [CodeAddress], bias: UInt64, symbols: [UInt64: FunctionSymbol] = [:]
    ) -> [CodeAddress: [SourceFrame]] {
        guard let information else { return [:] }
        var wanted: [UInt64: [CodeAddress]] = [:]
        for code in requests { wanted[code.lookup &- bias, default: []].append(code) }
        var result: [CodeAddress: [SourceFrame]] = [:]
        var open: [UInt64: String] = [:]
        for code in requests where code.kind == .asyncResumePoint {
            let address = code.lookup &- bias
            if let symbol = symbols[address], symbol.start == address {
                open[address] = symbol.name
            }
        }
        forEachPlace(wanted.keys.sorted(), information) { address, place in
            for code in wanted[address] ?? [] {
                guard code.kind == .asyncResumePoint else {
                    result[code] = place.standing(at: address)
                    continue
                }
                let (frames, isCertain) = place.resumed(at: address)
                result[code] = frames
                if isCertain { open[address] = nil }
            }
        }
        for (address, frames) in waiting(open, information) {
            for code in wanted[address] ?? [] where code.kind == .asyncResumePoint {
                result[code] = frames
            }
        }
        damage = damage ?? information.damage
        return result
    }

    /// The functions at the instructions that announce a wait at these pieces. Where several do,
    /// and not all on one line, none is told.
    private mutating func waiting(
        _ pieces: [UInt64: String], _ information: DebugInformation
    ) -> [UInt64: [SourceFrame]] {
        guard !pieces.isEmpty else { return [:] }
        var finder = ResumeStores(file)
        let stores = finder.find(pieces)
        var frames: [UInt64: [SourceFrame]] = [:]
        forEachPlace(Set(stores.values.joined()).sorted(), information) { address, place in
            frames[address] = place.waiting(at: address)
        }
        return stores.compactMapValues { addresses in
            let all = addresses.map { frames[$0] ?? [] }
            guard let first = all.first, let location = first.last?.location,
                all.allSatisfy({ $0.last?.location?.line == location.line })
            else { return nil }
            return first
        }
    }

    /// Looks up the units and functions of sorted addresses, before the load bias.
    private mutating func forEachPlace(
        _ addresses: [UInt64], _ information: DebugInformation,
        _ body: (UInt64, SourcePlace) -> Void
    ) {
        for (unit, addresses) in information.units(of: addresses) {
            let lines = LineTable(unit)
            let walk = ScopeWalk(unit, addresses: addresses)
            if walk.isCut { damage = "debug information is nested too deep, or too large" }
            for address in addresses {
                let function = walk.functions.last { function in
                    function.ranges.contains { $0.contains(address) }
                }
                body(address, SourcePlace(unit: unit, lines: lines, function: function))
            }
        }
    }
}

/// A function with the line table of its unit.
private struct SourcePlace {
    let unit: DebugEntry
    let lines: LineTable
    let function: FunctionScopes?

    /// The functions at an instruction.
    func standing(at address: UInt64) -> [SourceFrame] {
        frames(function?.chain(at: address) ?? [], lines.row(at: address))
    }

    /// What was inlined, and the function itself: each outer one stands where it called the next
    /// inner one, the innermost where the row says.
    private func frames(
        _ chain: [FunctionScopes.Inlined], _ row: LineTable.Row?
    ) -> [SourceFrame] {
        var location = row.flatMap { lines.location($0) }
        var frames: [SourceFrame] = []
        for node in chain.reversed() {
            frames.append(SourceFrame(name: node.name, location: location))
            location = lines.location(
                file: node.call.file, line: node.call.line, column: node.call.column)
        }
        frames.append(SourceFrame(name: function?.name, location: location))
        return frames
    }

    /// The functions that go on at a resume point, and whether their lines are beyond doubt.
    ///
    /// The code there is the entry of a function that the compiler split off, and its first row
    /// often states the line of a declaration. The first later row for which the function itself
    /// has a line is the one of the `await`.
    func resumed(at entry: UInt64) -> (frames: [SourceFrame], isCertain: Bool) {
        guard let function, let row = lines.row(at: entry),
            let code = function.ranges.first(where: { $0.contains(entry) })
        else { return (standing(at: entry), false) }
        var partial: (frames: [SourceFrame], row: LineTable.Row)?
        var index = row.index + 1
        while let later = lines.row(index), code.contains(later.address) {
            index += 1
            if later.address <= entry { continue }
            let frames = waiting(later, at: later.address)
            if frames.last?.location != nil { return (frames, true) }
            if partial == nil, frames.contains(where: { $0.location != nil }) {
                partial = (frames, later)
            }
        }
        // A specialised copy may have no line of its own around the line of what is inlined.
        if var partial {
            partial.frames[partial.frames.count - 1].location = callInCopy(at: partial.row.address)
            return (partial.frames, false)
        }
        // No line but perhaps the entry's own, which must not be the declaration's.
        let frames = waiting(row, at: row.address)
        guard let line = frames.last?.location?.line, UInt64(line) != function.declarationLine
        else { return ([SourceFrame(name: function.name, location: nil)], false) }
        return (frames, false)
    }

    /// Where a specialised copy calls what is inlined into it at `address`.
    private func callInCopy(at address: UInt64) -> SourceLocation? {
        guard let function, let call = function.chain(at: address).first?.call,
            lines.isMade(file: call.file), let symbol = function.name,
            let file = DeclarationSearch.file(ofCopy: symbol, in: unit)
        else { return nil }
        return lines.location(path: file, line: call.line, column: call.column)
    }

    /// The functions that wait where an instruction announces it.
    func waiting(at address: UInt64) -> [SourceFrame] {
        lines.row(at: address).map { waiting($0, at: address) } ?? []
    }

    /// The functions at a row around a wait. Of what is inlined there, only async functions can be
    /// what waited; others were called before or after.
    private func waiting(_ row: LineTable.Row, at address: UInt64) -> [SourceFrame] {
        let all = frames(function?.chain(at: address) ?? [], row)
        let waiting = all.dropLast().reversed().prefix { frame in
            frame.name.flatMap(Demangler.longForm).map { SwiftEntity(longForm: $0).isAsync }
                ?? false
        }
        return Array(all.suffix(waiting.count + 1))
    }
}
