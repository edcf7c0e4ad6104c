/// Turns the bytes of a `BinaryEncoder` back into values, or refuses what pretends to be such:
/// lengths are compared with what is left before room is made for them.
enum BinaryDecoder {
    /// Thrown where the bytes end too early or say what cannot be.
    struct Malformed: Error {}

    /// The value that all of these bytes are.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let input = Input(bytes)
        let value = try Value(from: Decoding(input: input))
        guard input.isAtEnd else { throw Malformed() }
        return value
    }

    fileprivate final class Input {
        private let bytes: [UInt8]
        private var position = 0

        /// Values inside of values; a hostile writer shall not use up our stack.
        private static let mostNested = 64
        private var nested = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        func byte() throws -> UInt8 {
            guard position < bytes.count else { throw Malformed() }
            position += 1
            return bytes[position - 1]
        }

        func flag() throws -> Bool {
            switch try byte() {
            case 0: false
            case 1: true
            default: throw Malformed()
            }
        }

        func unsigned() throws -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                let byte = try byte()
                value |= UInt64(byte & 0x7f) << shift
                guard byte & 0x80 != 0 else { return value }
            }
            throw Malformed()
        }

        func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws -> T {
            let raw = try unsigned()
            let value =
                T.isSigned
                ? T(exactly: Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1))
                : T(exactly: raw)
            guard let value else { throw Malformed() }
            return value
        }

        func text() throws -> String {
            let count = try unsigned()
            guard count <= UInt64(bytes.count - position) else { throw Malformed() }
            let end = position + Int(count)
            defer { position = end }
            return String(decoding: bytes[position..<end], as: UTF8.self)
        }

        /// The length of a list: no more than a byte a member.
        func count() throws -> Int {
            var count = 0
            for index in 0..<4 { count |= Int(try byte()) << (8 * index) }
            // A member may take no byte at all, such as an empty structure; of those a list that
            // is longer than all its bytes is not ours.
            guard count <= bytes.count - position else { throw Malformed() }
            return count
        }

        func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
            guard nested < Self.mostNested else { throw Malformed() }
            nested += 1
            defer { nested -= 1 }
            return try Value(from: Decoding(input: self))
        }
    }

    private struct Decoding: Decoder {
        let input: Input
        var codingPath: [any CodingKey] { [] }
        var userInfo: [CodingUserInfoKey: Any] { [:] }

        func container<Key: CodingKey>(
            keyedBy type: Key.Type
        ) throws -> KeyedDecodingContainer<Key> {
            KeyedDecodingContainer(Members<Key>(input: input))
        }
        func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try List(input) }
        func singleValueContainer() throws -> any SingleValueDecodingContainer {
            Single(input: input)
        }
    }

    private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let input: Input
        var codingPath: [any CodingKey] { [] }

        /// Asked for by enumerations with payloads alone, whose case is named by one key. What the
        /// bytes name is no key of the type then where somebody has changed them.
        var allKeys: [Key] {
            (try? input.text()).flatMap { Key(stringValue: $0) }.map { [$0] } ?? []
        }

        func contains(_ key: Key) -> Bool { true }
        func decodeNil(forKey key: Key) throws -> Bool { try !input.flag() }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try input.flag() }
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try input.text() }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
            Double(bitPattern: try input.unsigned())
        }
        func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
            Float(bitPattern: try input.integer())
        }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try input.integer() }
        func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try input.integer() }
        func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try input.integer() }
        func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try input.integer() }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try input.integer() }
        func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try input.integer() }
        func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try input.byte() }
        func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try input.integer() }
        func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try input.integer() }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try input.integer() }
        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try input.value(type)
        }

        private func optional<Value: Decodable>(_ type: Value.Type) throws -> Value? {
            try input.flag() ? try input.value(type) : nil
        }

        func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
            try optional(type)
        }
        func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
            try optional(type)
        }
        func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
            try optional(type)
        }
        func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
            try optional(type)
        }
        func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
            try optional(type)
        }
        func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
            try optional(type)
        }
        func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
            try optional(type)
        }
        func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
            try optional(type)
        }
        func decodeIfPresent<Value: Decodable>(
            _ type: Value.Type, forKey key: Key
        ) throws -> Value? {
            try optional(type)
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> {
            KeyedDecodingContainer(Members<NestedKey>(input: input))
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try List(input)
        }
        func superDecoder() throws -> any Decoder { Decoding(input: input) }
        func superDecoder(forKey key: Key) throws -> any Decoder { Decoding(input: input) }
    }

    private struct List: UnkeyedDecodingContainer {
        let input: Input
        let count: Int?
        private(set) var currentIndex = 0
        var codingPath: [any CodingKey] { [] }
        var isAtEnd: Bool { currentIndex >= count ?? 0 }

        init(_ input: Input) throws {
            self.input = input
            count = try input.count()
        }

        mutating func decodeNil() throws -> Bool { false }
        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            guard !isAtEnd else { throw Malformed() }
            currentIndex += 1
            return try input.value(type)
        }
        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type
        ) throws -> KeyedDecodingContainer<NestedKey> {
            guard !isAtEnd else { throw Malformed() }
            currentIndex += 1
            return KeyedDecodingContainer(Members<NestedKey>(input: input))
        }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            guard !isAtEnd else { throw Malformed() }
            currentIndex += 1
            return try List(input)
        }
        mutating func superDecoder() throws -> any Decoder { Decoding(input: input) }
    }

    private struct Single: SingleValueDecodingContainer {
        let input: Input
        var codingPath: [any CodingKey] { [] }

        func decodeNil() -> Bool { false }
        func decode(_ type: Bool.Type) throws -> Bool { try input.flag() }
        func decode(_ type: String.Type) throws -> String { try input.text() }
        func decode(_ type: Double.Type) throws -> Double {
            Double(bitPattern: try input.unsigned())
        }
        func decode(_ type: Float.Type) throws -> Float { Float(bitPattern: try input.integer()) }
        func decode(_ type: Int.Type) throws -> Int { try input.integer() }
        func decode(_ type: Int8.Type) throws -> Int8 { try input.integer() }
        func decode(_ type: Int16.Type) throws -> Int16 { try input.integer() }
        func decode(_ type: Int32.Type) throws -> Int32 { try input.integer() }
        func decode(_ type: Int64.Type) throws -> Int64 { try input.integer() }
        func decode(_ type: UInt.Type) throws -> UInt { try input.integer() }
        func decode(_ type: UInt8.Type) throws -> UInt8 { try input.byte() }
        func decode(_ type: UInt16.Type) throws -> UInt16 { try input.integer() }
        func decode(_ type: UInt32.Type) throws -> UInt32 { try input.integer() }
        func decode(_ type: UInt64.Type) throws -> UInt64 { try input.integer() }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try input.value(type) }
    }
}
