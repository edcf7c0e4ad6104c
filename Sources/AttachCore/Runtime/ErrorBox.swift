/// A thrown error as the runtime boxes it on systems without Objective-C (`ErrorLayout`).
struct ErrorBox {
    /// Metadata of the error's type.
    let type: UInt64
    private let address: UInt64

    /// Reads the box at `address`; nil where that is none.
    init?(_ address: UInt64, _ reader: inout WordReader) {
        guard address & 7 == 0, address != 0, let isa = reader.word(address),
            reader.word(isa) == MetadataKind.error,
            let type = reader.word(address, ErrorLayout.type)
        else { return nil }
        self.address = address
        self.type = type
    }

    /// The case of an enum; nil for another type, or where it cannot be told.
    func caseName(_ types: inout TypeReader, _ reader: inout WordReader) -> String? {
        guard let layout = types.valueLayout(type, &reader) else { return nil }
        let mask = layout.alignmentMask
        let value = (address &+ ErrorLayout.value &+ mask) & ~mask
        return EnumCase.name(ofValueAt: value, type: type, &types, &reader)
    }
}
