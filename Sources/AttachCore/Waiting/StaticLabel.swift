/// The beginning of a label, compared word by word: no string is made of what a target holds.
struct StaticLabel {
    private let words: [UInt64]

    static let mainQueue = StaticLabel(DispatchLayout.mainLabel)
    static let globalExecutor = StaticLabel(DispatchLayout.poolLabel)

    private init(_ text: StaticString) {
        let bytes = Array(text.description.utf8)
        words = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// Whether it stands at `place`.
    func stands(at place: UInt64, _ reader: inout WordReader) -> Bool {
        words.enumerated().allSatisfy { reader.word(place, UInt64($0.offset) &* 8) == $0.element }
    }
}
