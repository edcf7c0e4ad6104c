/// Turns values into bytes that a `BinaryDecoder` of the same program turns back.
///
/// Members follow each other without names, integers and lengths as LEB128 (of signed ones the
/// sign bit comes first, as in protocol buffers), so that small numbers take a byte. A list has
/// its length before it, an optional a byte that says whether it is there, an enumeration with
/// payloads the name of its case. It is no format for files: a type that changes changes it.
enum BinaryEncoder {
    /// The bytes of a value.
    ///
    /// - Throws: what the value's own `encode(to:)` throws, and `Unsupported` for an optional that
    ///   is not a member of something.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let output = Output()
        try value.encode(to: Encoding(output))
        return output.bytes
    }

    /// A value that this form has no place for.
    struct Unsupported: Error {}

    fileprivate final class Output {
        var bytes: [UInt8] = []

        func put(byte: UInt8) { bytes.append(byte) }

        func put(word value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(truncatingIfNeeded: rest))
        }

        func put(number value: some FixedWidthInteger) {
            if type(of: value).isSigned {
                let wide = Int64(truncatingIfNeeded: value)
                put(word: UInt64(bitPattern: (wide << 1) ^ (wide >> 63)))
            } else {
                put(word: UInt64(truncatingIfNeeded: value))
            }
        }

        func put(_ text: String) {
            put(word: UInt64(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
    }

    private struct Encoding: Encoder {
        let output: Output
        var codingPath: [any CodingKey] { [] }
        var userInfo: [CodingUserInfoKey: Any] { [:] }

        init(_ output: Output) { self.output = output }

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            KeyedEncodingContainer(Members<Key>(output: output))
        }

        func unkeyedContainer() -> any UnkeyedEncodingContainer { List(output) }

        func singleValueContainer() -> any SingleValueEncodingContainer { Single(output: output) }
    }

    private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let output: Output
        var codingPath: [any CodingKey] { [] }

        func encodeNil(forKey key: Key) throws { output.put(byte: 0) }
        func encode(_ value: Bool, forKey key: Key) throws { output.put(byte: value ? 1 : 0) }
        func encode(_ value: String, forKey key: Key) throws { output.put(value) }
        func encode(_ value: Double, forKey key: Key) throws {
            output.put(number: value.bitPattern)
        }
        func encode(_ value: Float, forKey key: Key) throws { output.put(number: value.bitPattern) }
        func encode(_ value: Int, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: Int8, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: Int16, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: Int32, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: Int64, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: UInt, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: UInt8, forKey key: Key) throws { output.put(byte: value) }
        func encode(_ value: UInt16, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: UInt32, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: UInt64, forKey key: Key) throws { output.put(number: value) }
        func encode(_ value: some Encodable, forKey key: Key) throws {
            try value.encode(to: Encoding(output))
        }

        private func put(optional value: (some Encodable)?) throws {
            output.put(byte: value == nil ? 0 : 1)
            if let value { try value.encode(to: Encoding(output)) }
        }

        func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: String?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try put(optional: value) }
        func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws {
            try put(optional: value)
        }

        /// The payload of an enumeration's case, which its key names.
        func nestedContainer<NestedKey: CodingKey>(
            keyedBy keyType: NestedKey.Type, forKey key: Key
        ) -> KeyedEncodingContainer<NestedKey> {
            output.put(key.stringValue)
            return KeyedEncodingContainer(Members<NestedKey>(output: output))
        }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            List(output)
        }
        func superEncoder() -> any Encoder { Encoding(output) }
        func superEncoder(forKey key: Key) -> any Encoder { Encoding(output) }
    }

    /// A list, whose length is written as 4 bytes when its end is known.
    private struct List: UnkeyedEncodingContainer {
        let output: Output
        private let place: Int
        private(set) var count = 0
        var codingPath: [any CodingKey] { [] }

        init(_ output: Output) {
            self.output = output
            place = output.bytes.count
            for _ in 0..<4 { output.put(byte: 0) }
        }

        private mutating func grow() {
            count += 1
            for index in 0..<4 {
                output.bytes[place + index] = UInt8(truncatingIfNeeded: count >> (8 * index))
            }
        }

        mutating func encodeNil() throws { throw Unsupported() }
        mutating func encode(_ value: some Encodable) throws {
            grow()
            try value.encode(to: Encoding(output))
        }
        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy keyType: NestedKey.Type
        ) -> KeyedEncodingContainer<NestedKey> {
            grow()
            return KeyedEncodingContainer(Members<NestedKey>(output: output))
        }
        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            grow()
            return List(output)
        }
        mutating func superEncoder() -> any Encoder { Encoding(output) }
    }

    private struct Single: SingleValueEncodingContainer {
        let output: Output
        var codingPath: [any CodingKey] { [] }

        /// An optional has its mark only as a member.
        func encodeNil() throws { throw Unsupported() }
        func encode(_ value: Bool) throws { output.put(byte: value ? 1 : 0) }
        func encode(_ value: String) throws { output.put(value) }
        func encode(_ value: Double) throws { output.put(number: value.bitPattern) }
        func encode(_ value: Float) throws { output.put(number: value.bitPattern) }
        func encode(_ value: Int) throws { output.put(number: value) }
        func encode(_ value: Int8) throws { output.put(number: value) }
        func encode(_ value: Int16) throws { output.put(number: value) }
        func encode(_ value: Int32) throws { output.put(number: value) }
        func encode(_ value: Int64) throws { output.put(number: value) }
        func encode(_ value: UInt) throws { output.put(number: value) }
        func encode(_ value: UInt8) throws { output.put(byte: value) }
        func encode(_ value: UInt16) throws { output.put(number: value) }
        func encode(_ value: UInt32) throws { output.put(number: value) }
        func encode(_ value: UInt64) throws { output.put(number: value) }
        func encode(_ value: some Encodable) throws { try value.encode(to: Encoding(output)) }
    }
}
