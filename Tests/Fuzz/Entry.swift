// What libFuzzer calls. Each harness beside this file has a `fuzz(_:)`; scripts/fuzz builds one
// program of each.

import Glibc

/// The entry point that libFuzzer looks for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe fuzz(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// Reads an input from its front; zeroes behind its end.
struct FuzzInput {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: some Collection<UInt8>) {
        self.bytes = Array(bytes)[...]
        position = 0
    }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        defer { position += 1 }
        return position < bytes.count ? bytes[position] : 0
    }

    mutating func half() -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(byte()) << ($1 * 8) } }

    mutating func word() -> UInt64 { UInt64(half()) | UInt64(half()) << 32 }
}

/// A file that holds the bytes of one input after another, for readers that want a file.
struct FuzzFile {
    let path: String
    let descriptor: Int32

    init(_ name: String) {
        path = name
        descriptor = unsafe open(name, O_RDWR | O_CREAT, 0o600)
        precondition(descriptor >= 0)
    }

    /// Whether the bytes are in it.
    func hold(_ bytes: some Collection<UInt8>) -> Bool {
        let all = Array(bytes)
        ftruncate(descriptor, 0)
        return unsafe pwrite(descriptor, all, all.count, 0) == all.count
    }
}
