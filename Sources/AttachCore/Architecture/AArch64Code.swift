/// Code of aarch64: 32-bit words, little-endian.
enum AArch64Code {
    /// The words of code; a cut last one is left out.
    static func words(_ bytes: [UInt8]) -> [UInt32] {
        stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { place in
            bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
}
