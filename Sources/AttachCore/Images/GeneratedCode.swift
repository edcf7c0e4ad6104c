import AttachReport

/// Names that a program has given to code which it made as it ran, so that no file has it. They
/// are its own claim; nothing proves them, and they are shown as what they are.
struct GeneratedCode: Sendable {
    /// A function there.
    struct Function: Hashable {
        var name: String
        var start: UInt64
    }

    /// What the names' file is called: frames bear it in the place of an image.
    let name: String
    private let bytes: ImageBytes
    private let code: AddressRanges<Void>

    /// Longer names are cut, and longer lines are none.
    private static let nameLimit = 512
    /// Lines that are looked at.
    private static let lineLimit = 1 << 22

    /// nil where the file cannot be read, or no code was made.
    init?(_ map: PerfMap, mappings: [Mapping]) {
        let code = mappings.filter(\.isGeneratedCode)
        guard !code.isEmpty, let bytes = try? ImageBytes(mapping: map.file.descriptor) else {
            return nil
        }
        name = map.name
        self.bytes = bytes
        self.code = AddressRanges(code.map { .init(start: $0.start, end: $0.end, value: ()) })
    }

    /// The functions that these addresses lie in. Each line is `START SIZE NAME` in hexadecimal
    /// digits; where two claim an address, the later one is the newer.
    func functions(at addresses: Set<UInt64>) -> [UInt64: Function] {
        let wanted = addresses.filter { code.value(at: $0) != nil }.sorted()
        guard !wanted.isEmpty else { return [:] }
        return bytes.withBytes(0, bytes.count) { Self.functions(in: $0, at: wanted) } ?? [:]
    }

    private static func functions(
        in all: Span<UInt8>, at wanted: [UInt64]
    ) -> [UInt64: Function] {
        var found: [UInt64: Function] = [:]
        var position = 0
        for _ in 0..<lineLimit where position < all.count {
            let line = Line(all, at: position)
            position = line.end
            guard let range = line.range else { continue }
            var index = wanted.partitioningIndex { $0 >= range.lowerBound }
            while index < wanted.count, wanted[index] < range.upperBound {
                let name = line.name.prefix(nameLimit).map { all[$0] }
                found[wanted[index]] = Function(
                    name: String(decoding: name, as: UTF8.self), start: range.lowerBound)
                index += 1
            }
        }
        return found
    }

    /// One line of the file.
    private struct Line {
        /// What the function takes up; nil where the line makes no sense.
        var range: Range<UInt64>?
        /// Where its name stands.
        var name = 0..<0
        /// Where the next line begins.
        var end: Int

        init(_ all: Span<UInt8>, at start: Int) {
            var position = start
            let address = Self.number(all, at: &position)
            let size = address == nil ? nil : Self.number(all, at: &position)
            let name = position
            while position < all.count, all[position] != 0x0a { position += 1 }
            end = position + 1
            self.name = name..<position
            if let address, let size, size > 0, position > name {
                let (limit, overflow) = address.addingReportingOverflow(size)
                if !overflow { range = address..<limit }
            }
        }

        /// Up to sixteen hexadecimal digits and the blank behind them.
        private static func number(_ all: Span<UInt8>, at position: inout Int) -> UInt64? {
            var value: UInt64 = 0
            var count = 0
            while position < all.count, count <= 16, let digit = digit(all[position]) {
                value = value << 4 | digit
                count += 1
                position += 1
            }
            guard (1...16).contains(count), position < all.count, all[position] == 0x20 else {
                return nil
            }
            position += 1
            return value
        }

        private static func digit(_ byte: UInt8) -> UInt64? {
            switch byte {
            case 0x30...0x39: UInt64(byte - 0x30)
            case 0x41...0x46: UInt64(byte - 0x41 + 10)
            case 0x61...0x66: UInt64(byte - 0x61 + 10)
            default: nil
            }
        }
    }
}

extension Mapping {
    /// Code that no file has and that is not the kernel's.
    fileprivate var isGeneratedCode: Bool {
        isExecutable && !isFile && (path.isEmpty || path.hasPrefix("[anon"))
    }
}
