import AttachReport

/// Which case of an enum a value is, where that follows from the declaration alone.
///
/// The value of an enum without payloads is the number of its case, in as few bytes as that takes.
/// With payloads the compiler hides the number in bits that the payloads do not use, which cannot
/// be told from here: then there is no answer.
enum EnumCase {
    private static let caseLimit: UInt32 = 65_536
    private static let nameLimit = 512

    /// The name of the case of the value at `address`; nil where it cannot be told.
    static func name(
        ofValueAt address: UInt64, type metadata: UInt64, _ types: inout TypeReader,
        _ reader: inout WordReader
    ) -> String? {
        guard reader.word(metadata) == MetadataKind.enum,
            let descriptor = reader.word(metadata, MetadataLayout.valueDescriptor),
            descriptor & 3 == 0, let type = NominalType(descriptor, &reader),
            // A case of an enum of C's is whatever number was written there.
            let module = type.declaration.module, !module.hasPrefix("__C"),
            let payloads = reader.half(descriptor &+ DescriptorLayout.payloadCases),
            let empty = reader.half(descriptor &+ DescriptorLayout.emptyCases),
            let fields = reader.relative(descriptor &+ DescriptorLayout.fields),
            reader.load(fields &+ FieldsLayout.kind, as: UInt16.self) == FieldsLayout.enumKind,
            let count = reader.half(fields &+ FieldsLayout.count), count > 0, count <= caseLimit,
            let layout = types.valueLayout(metadata, &reader)
        else { return nil }
        let number: UInt32
        if count == 1 {
            number = 0
        } else {
            guard payloads & DescriptorLayout.payloadCasesMask == 0, empty == count,
                let value = self.number(at: address, size: layout.size, count: count, &reader),
                value < count
            else { return nil }
            number = value
        }
        let field = fields &+ FieldsLayout.records &+ UInt64(number) &* FieldsLayout.recordSize
        guard let place = reader.relative(field &+ FieldsLayout.name) else { return nil }
        return reader.memory.string(Address(place), limit: nameLimit).flatMap {
            $0.isEmpty ? nil : $0
        }
    }

    private static func number(
        at address: UInt64, size: UInt64, count: UInt32, _ reader: inout WordReader
    ) -> UInt32? {
        switch (size, count) {
        case (1, ...256): reader.load(address, as: UInt8.self).map(UInt32.init)
        case (2, 257...65_536): reader.load(address, as: UInt16.self).map(UInt32.init)
        default: nil
        }
    }
}
