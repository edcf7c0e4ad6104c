import AttachReport
import Testing

@testable import AttachCore

@Suite struct BinaryCodingTests {
    private enum Shape: Hashable, Codable {
        case point
        case circle(radius: Double, name: String?)
        indirect case pair(Shape, Shape)
    }

    private struct Everything: Hashable, Codable {
        var numbers: [UInt64] = [0, 127, 128, .max]
        var signed: [Int32] = [0, -1, .min, .max]
        var text = "na\u{ef}ve \u{0}"
        var nothing: Int?
        var something: UInt8? = 255
        var shapes: [Shape] = [
            .point, .circle(radius: -0.5, name: nil), .circle(radius: 2, name: ""),
            .pair(.point, .pair(.point, .point)),
        ]
        var empty: [String] = []
        var lists: [[Bool]] = [[true], [], [false, true]]
        var set: Set<Int> = [1, 2, 3]
        var map: [UInt32: [UInt64]] = [7: [1], 9: []]
        var flag = true
    }

    @Test func comesBackAsItWas() throws {
        let value = Everything()
        let bytes = try BinaryEncoder.encode(value)
        #expect(try BinaryDecoder.decode(Everything.self, from: bytes) == value)
    }

    /// Whatever the other process sends: an error, or some value, and no more memory than the
    /// message has bytes.
    @Test func whatHasBeenChangedIsRefusedOrAnotherValue() throws {
        let bytes = try BinaryEncoder.encode(Everything())
        for length in bytes.indices {
            #expect(throws: (any Error).self) {
                try BinaryDecoder.decode(Everything.self, from: Array(bytes[..<length]))
            }
        }
        #expect(throws: (any Error).self) {
            try BinaryDecoder.decode(Everything.self, from: bytes + [0])
        }
        for index in bytes.indices {
            for change in [UInt8(1), 0x80, 0xff] {
                var changed = bytes
                changed[index] ^= change
                _ = try? BinaryDecoder.decode(Everything.self, from: changed)
            }
        }
        // Lengths that nothing can have.
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0x7f] + [UInt8](repeating: 0, count: 64)
        #expect(throws: (any Error).self) { try BinaryDecoder.decode([UInt64].self, from: huge) }
        // More values inside of each other than any of ours has.
        var deep: [UInt8] = []
        for _ in 0..<100_000 { deep += [4] + Array("pair".utf8) }
        #expect(throws: (any Error).self) { try BinaryDecoder.decode(Shape.self, from: deep) }
    }
}
