import Foundation

/// The beginning of a shared library for x86-64 that has segments and nothing else (elf.h).
enum ELFHeaders {
    /// A file of so many bytes with writable segments at these places of it.
    static func file(segments: [(offset: UInt64, size: UInt64)], length: Int) -> Data {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        func put(_ values: some Sequence<(value: UInt64, size: Int)>) {
            for (value, size) in values {
                bytes += (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
            }
        }
        put([
            (3, 2), (62, 2), (1, 4), (0, 8), (64, 8), (0, 8), (0, 4), (64, 2), (56, 2),
            (UInt64(segments.count), 2), (0, 2), (0, 2), (0, 2),
        ])
        for (offset, size) in segments {
            put([(1, 4), (6, 4), (offset, 8), (0, 8), (0, 8), (size, 8), (size, 8), (4096, 8)])
        }
        return Data(bytes + [UInt8](repeating: 0, count: max(0, length - bytes.count)))
    }
}
