import AttachReport

/// Where an async function says that it wants to be resumed at some address.
///
/// Before it waits, the function stores the address of the piece of it that goes on afterwards
/// (`lea piece(%rip), %reg`). That instruction has the line of the wait, also where the piece
/// itself has none because the compiler merged it with an equal one.
struct ResumeStores {
    private let file: ELFFile
    /// Code that is still looked through, in bytes, so that no table makes us read on and on.
    private var budget = 1 << 24

    /// A function has a few dozen pieces; more than this of one are not looked through.
    private static let siblingLimit = 256
    private static let storeLimit = 16
    /// Functions that are looked for at once.
    private static let functionLimit = 256
    /// `e_machine` of AMD64.
    private static let amd64: UInt16 = 62

    /// For the code of this file.
    init(_ file: ELFFile) { self.file = file }

    /// For each piece, by address and symbol, the addresses of the instructions by which its
    /// siblings refer to it, in order. All addresses are before the load bias.
    mutating func find(_ pieces: [UInt64: String]) -> [UInt64: [UInt64]] {
        guard file.layout.machine == Self.amd64 else { return [:] }
        let wanted = pieces.compactMapValues { Self.function(ofPiece: $0) }
        guard !wanted.isEmpty else { return [:] }
        let siblings = Self.siblings(Set(wanted.values), in: SymbolTable.tables(of: file))
        var stores: [UInt64: [UInt64]] = [:]
        for (piece, function) in wanted {
            for code in siblings[function] ?? [] where !code.contains(piece) {
                let found = references(to: piece, from: code)
                stores[piece, default: []].append(contentsOf: found)
                if stores[piece, default: []].count > Self.storeLimit { break }
            }
        }
        return stores.mapValues { $0.sorted() }
    }

    /// The symbol of the async function that a piece was split from: without `TQ0_` (goes on after
    /// a call) or `TY0_` (goes on elsewhere) at its end; nil for any other symbol.
    static func function(ofPiece symbol: String) -> String? {
        let bytes = symbol.utf8
        guard bytes.last == UInt8(ascii: "_") else { return nil }
        let digits = bytes.dropLast().reversed().prefix {
            $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
        }
        let rest = symbol.dropLast(1 + digits.count)
        guard rest.hasSuffix("TQ") || rest.hasSuffix("TY"), rest.utf8.count > 2 else { return nil }
        return String(rest.dropLast(2))
    }

    /// Whether an async stack that begins with this frame begins with the first instruction of a
    /// function: where one goes on after an `await` is a piece of it.
    static func isStart(_ frame: Frame?) -> Bool {
        guard let frame, frame.kind == .asyncResumePoint, let symbol = frame.symbol else {
            return false
        }
        return function(ofPiece: symbol) == nil
    }

    /// The code of these functions and of all their pieces, in one pass over the best table.
    private static func siblings(
        _ functions: Set<String>, in tables: [SymbolTable]
    ) -> [String: [Range<UInt64>]] {
        guard let table = tables.first, table.isComplete else { return [:] }
        // Names that differ from the function's only at their ends are found by a few of its
        // bytes, so that no other name has to be read whole.
        var marks: [UInt64: [(tail: UInt64, length: Int, function: String)]] = [:]
        var filter = NameHeadFilter()
        for function in functions.sorted().prefix(functionLimit) where function.utf8.count >= 8 {
            let head = SymbolTable.nameHead(of: function)
            filter.insert(head)
            marks[head, default: []].append((tail(of: function), function.utf8.count, function))
        }
        var siblings: [String: [Range<UInt64>]] = [:]
        table.forEach { entry in
            guard entry.type == 2, entry.isDefined, entry.size > 0 else { return true }
            let head = table.nameHead(entry.name)
            guard filter.mayContain(head), let candidates = marks[head] else { return true }
            for mark in candidates
            where table.nameWord(entry.name, at: mark.length - 8) == mark.tail {
                let name = table.name(entry.name)
                guard name == mark.function || function(ofPiece: name) == mark.function,
                    siblings[mark.function, default: []].count < siblingLimit
                else { continue }
                siblings[mark.function, default: []].append(entry.value..<entry.end)
            }
            return true
        }
        return siblings
    }

    private static func tail(of name: String) -> UInt64 {
        name.utf8.suffix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Where `code` has an instruction that makes the address `target`.
    private mutating func references(to target: UInt64, from code: Range<UInt64>) -> [UInt64] {
        let size = code.upperBound - code.lowerBound
        guard size <= UInt64(budget), let offset = file.layout.offset(ofCodeAt: code.lowerBound)
        else { return [] }
        let found = file.bytes.withBytes(offset, size) { bytes in
            Self.references(to: target, in: bytes, at: code.lowerBound)
        }
        guard let found else { return [] }
        budget -= Int(size)
        return found
    }

    private static func references(
        to target: UInt64, in bytes: Span<UInt8>, at start: UInt64
    ) -> [UInt64] {
        var found: [UInt64] = []
        var position = 0
        // REX.W (with or without R), LEA, ModRM with mod 0 and rm 5: disp32 from the next
        // instruction. (Intel SDM vol. 2, 2.2.1.6.) That other bytes land there is one in 2^32.
        while position + 7 <= bytes.count {
            if bytes[position] & 0xfb == 0x48, bytes[position + 1] == 0x8d,
                bytes[position + 2] & 0xc7 == 0x05
            {
                var displacement: UInt32 = 0
                for index in 0..<4 {
                    displacement |= UInt32(bytes[position + 3 + index]) << UInt32(index * 8)
                }
                let place = start &+ UInt64(position)
                if place &+ 7 &+ UInt64(bitPattern: Int64(Int32(bitPattern: displacement)))
                    == target
                {
                    found.append(place)
                }
            }
            position += 1
        }
        return found
    }
}
