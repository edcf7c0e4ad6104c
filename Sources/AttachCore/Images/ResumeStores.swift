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
        Self.lengthOfFunction(symbol.utf8.reversed()).map { String(symbol.utf8.prefix($0)) ?? "" }
    }

    /// The same for the bytes of a symbol from its end to its beginning.
    private static func lengthOfFunction(_ reversed: some Collection<UInt8>) -> Int? {
        guard reversed.first == UInt8(ascii: "_") else { return nil }
        let rest = reversed.dropFirst().drop {
            $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
        }
        guard let kind = rest.first, kind == UInt8(ascii: "Q") || kind == UInt8(ascii: "Y"),
            rest.dropFirst().first == UInt8(ascii: "T")
        else { return nil }
        let length = rest.dropFirst(2).count
        return length > 0 ? length : nil
    }

    /// The code of these functions and of all their pieces, in one pass over the best table.
    private static func siblings(
        _ functions: Set<String>, in tables: [SymbolTable]
    ) -> [String: [Range<UInt64>]] {
        guard let table = tables.first, table.isComplete else { return [:] }
        let heads = Set(functions.map { SymbolTable.nameHead(of: $0) })
        let lengths = Set(functions.map(\.utf8.count))
        var siblings: [String: [Range<UInt64>]] = [:]
        table.forEach { entry in
            guard entry.type == 2, entry.isDefined, entry.size > 0,
                heads.contains(table.nameHead(entry.name)),
                let bytes = unsafe table.nameBytes(entry.name)
            else { return true }
            let length = unsafe lengthOfFunction(bytes.reversed()) ?? bytes.count
            guard lengths.contains(length) else { return true }
            let function = unsafe String(decoding: bytes.prefix(length), as: UTF8.self)
            if functions.contains(function), siblings[function, default: []].count < siblingLimit {
                siblings[function, default: []].append(entry.value..<entry.end)
            }
            return true
        }
        return siblings
    }

    /// Where `code` has an instruction that makes the address `target`.
    private mutating func references(to target: UInt64, from code: Range<UInt64>) -> [UInt64] {
        let size = code.upperBound - code.lowerBound
        guard size <= UInt64(budget), let offset = file.layout.offset(ofCodeAt: code.lowerBound),
            let bytes = unsafe file.bytes.slice(offset, size)
        else { return [] }
        budget -= Int(size)
        var found: [UInt64] = []
        var position = 0
        // REX.W (with or without R), LEA, ModRM with mod 0 and rm 5: disp32 from the next
        // instruction. (Intel SDM vol. 2, 2.2.1.6.) That other bytes land there is one in 2^32.
        while position + 7 <= bytes.count {
            if unsafe bytes[position] & 0xfb == 0x48, unsafe bytes[position + 1] == 0x8d,
                unsafe bytes[position + 2] & 0xc7 == 0x05
            {
                let displacement = unsafe Int32(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: position + 3, as: Int32.self))
                let place = code.lowerBound &+ UInt64(position)
                if place &+ 7 &+ UInt64(bitPattern: Int64(displacement)) == target {
                    found.append(place)
                }
            }
            position += 1
        }
        return found
    }
}
