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
    private let information: DebugInformation?
    /// Why there are no lines, though there is debug information.
    private(set) var damage: String?

    init(_ file: ELFFile) { information = DebugInformation.open(file) }

    /// For each address the functions there, innermost first; the last one is the function itself.
    mutating func frames(
        for requests: [CodeAddress], bias: UInt64
    ) -> [CodeAddress: [SourceFrame]] {
        guard let information else { return [:] }
        var wanted: [UInt64: [CodeAddress]] = [:]
        for code in requests { wanted[code.lookup &- bias, default: []].append(code) }
        var result: [CodeAddress: [SourceFrame]] = [:]
        for (unit, addresses) in information.units(of: wanted.keys.sorted()) {
            let lines = LineTable(unit)
            let walk = ScopeWalk(unit, addresses: addresses)
            if walk.isCut { damage = "debug information is nested too deep, or too large" }
            for address in addresses {
                let function = walk.functions.last { function in
                    function.ranges.contains { $0.contains(address) }
                }
                for code in wanted[address] ?? [] {
                    let place = SourcePlace(lines: lines, function: function)
                    result[code] =
                        code.kind == .asyncResumePoint
                        ? place.resumed(at: address) : place.standing(at: address)
                }
            }
        }
        damage = damage ?? information.damage
        return result
    }
}

/// A function with the line table of its unit.
private struct SourcePlace {
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

    /// The functions that go on at a resume point.
    ///
    /// The code there is the entry of a function that the compiler split off, and its first row
    /// often states the line of a declaration. The first later row for which the function itself
    /// has a line is the one of the `await`.
    func resumed(at entry: UInt64) -> [SourceFrame] {
        guard let function, let row = lines.row(at: entry),
            let code = function.ranges.first(where: { $0.contains(entry) })
        else { return standing(at: entry) }
        var index = row.index + 1
        while let later = lines.row(index), code.contains(later.address) {
            index += 1
            if later.address <= entry { continue }
            let frames = resumed(later)
            if frames.last?.location != nil { return frames }
        }
        // No line but perhaps the entry's own, which must not be the declaration's.
        let frames = resumed(row)
        guard let line = frames.last?.location?.line, UInt64(line) != function.declarationLine
        else { return [SourceFrame(name: function.name, location: nil)] }
        return frames
    }

    /// The functions at a row behind a resume point. Of what is inlined there, only async
    /// functions can be what waited; others were called after the wait.
    private func resumed(_ row: LineTable.Row) -> [SourceFrame] {
        let all = frames(function?.chain(at: row.address) ?? [], row)
        let waiting = all.dropLast().reversed().prefix { frame in
            frame.name.flatMap(Demangler.longForm).map { SwiftEntity(longForm: $0).isAsync }
                ?? false
        }
        return Array(all.suffix(waiting.count + 1))
    }
}
