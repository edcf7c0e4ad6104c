import CElf
import Glibc

/// The bytes of one file, which may say anything: every access is checked against their number.
///
/// Owns what holds them, and gives it back exactly once. The bytes do not change after they were
/// made, so that any thread may read them.
@safe final class ImageBytes: @unchecked Sendable {
    /// How the bytes are given back.
    private enum Storage {
        case mapping
        case allocation
    }

    /// First byte.
    private let base: UnsafeRawPointer
    /// Number of bytes.
    let count: UInt64
    private let storage: Storage

    /// Maps a regular file of at least one byte; throws why that cannot be done. The descriptor
    /// is not needed any more afterwards, and is not closed.
    init(mapping descriptor: Int32) throws(FileFailure) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        guard status.st_size > 0 else { throw .empty }
        var mapped: UnsafeRawPointer?
        let failure = unsafe ce_map_file(descriptor, Int(status.st_size), &mapped)
        guard failure == 0, let start = unsafe mapped else { throw .system(failure) }
        unsafe base = start
        count = UInt64(status.st_size)
        storage = .mapping
    }

    /// A copy of these bytes.
    init(copying bytes: some Collection<UInt8>) {
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(bytes.count, 1), alignment: 16)
        unsafe copy.copyBytes(from: bytes)
        // An allocation of at least one byte has an address.
        guard let start = copy.baseAddress else { preconditionFailure("no allocation") }
        unsafe base = UnsafeRawPointer(start)
        count = UInt64(bytes.count)
        storage = .allocation
    }

    deinit {
        switch storage {
        case .mapping: unsafe ce_unmap_file(base, Int(count))
        case .allocation: unsafe base.deallocate()
        }
    }

    /// Whether these are the bytes of a file, rather than what was put together of one.
    var isFile: Bool {
        switch storage {
        case .mapping: true
        case .allocation: false
        }
    }

    /// Whether the file was cut short since it was mapped, and pages of it read as zeroes.
    var hasLostPages: Bool {
        switch storage {
        case .mapping: unsafe ce_lost_page_count(base) > 0
        case .allocation: false
        }
    }

    /// Whether `size` bytes from `offset` lie within the file.
    @inline(__always)
    func holds(_ offset: UInt64, _ size: UInt64) -> Bool {
        offset <= count && size <= count - offset
    }

    /// An integer in little-endian order at any alignment; nil where the file ends before.
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ offset: UInt64, as type: T.Type = T.self
    ) -> T? {
        guard holds(offset, UInt64(MemoryLayout<T>.size)) else { return nil }
        return unsafe T(
            littleEndian: base.loadUnaligned(fromByteOffset: Int(offset), as: T.self))
    }

    /// Three words of 64 bits, under one check; nil where the file ends before.
    @inline(__always)
    func threeWords(_ offset: UInt64) -> (UInt64, UInt64, UInt64)? {
        guard holds(offset, 24) else { return nil }
        let place = unsafe base + Int(offset)
        return unsafe (
            UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)),
            UInt64(littleEndian: place.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(littleEndian: place.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        )
    }

    /// Calls `body` with a run of bytes; nil where it does not lie in the file.
    @inline(__always)
    func withBytes<Result, Failure: Error>(
        _ offset: UInt64, _ size: UInt64, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard holds(offset, size) else { return nil }
        defer { withExtendedLifetime(self) {} }
        let start = unsafe (base + Int(offset)).assumingMemoryBound(to: UInt8.self)
        return try unsafe body(Span(_unsafeStart: start, count: Int(size)))
    }

    /// A copy of a run of bytes; nil where it does not lie in the file.
    func copy(_ offset: UInt64, _ size: UInt64) -> [UInt8]? {
        unsafe slice(offset, size).map { unsafe Array($0) }
    }

    /// A copy of all of it.
    func copy() -> ImageBytes? {
        unsafe slice(0, count).map { unsafe ImageBytes(copying: $0) }
    }

    /// A run of bytes as text, ill-formed UTF-8 replaced, up to the first NUL if it is to end
    /// there; and how many bytes that are. nil where it does not lie in the file.
    func text(
        _ offset: UInt64, _ size: UInt64, endsAtZero: Bool = false
    ) -> (text: String, size: UInt64)? {
        guard let bytes = unsafe slice(offset, size) else { return nil }
        let text = unsafe endsAtZero ? bytes.prefix { $0 != 0 } : bytes[...]
        return unsafe (String(decoding: text, as: UTF8.self), UInt64(text.count))
    }

    /// Memory that holds a run of bytes; nil where it does not lie in the file. Whoever keeps it
    /// keeps this object, too.
    func segment(
        at start: UInt64, of offset: UInt64, _ size: UInt64, isWritable: Bool, isCaptured: Bool
    ) -> TargetMemory.Segment? {
        guard holds(offset, size) else { return nil }
        return unsafe TargetMemory.Segment(
            start: start, end: start + size, base: base + Int(offset), isWritable: isWritable,
            isCaptured: isCaptured)
    }

    /// Calls `body` with the address of all the bytes, for a library written in C.
    func withAddress<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        return unsafe body(base)
    }

    private func slice(_ offset: UInt64, _ size: UInt64) -> UnsafeRawBufferPointer? {
        guard holds(offset, size) else { return nil }
        return unsafe UnsafeRawBufferPointer(start: base + Int(offset), count: Int(size))
    }

    /// The string at `offset`, which must end before `end`; at most `limit` bytes of it.
    func string(_ offset: UInt64, before end: UInt64, limit: Int) -> String? {
        guard offset < end, end <= count else { return nil }
        let longest = min(end - offset, UInt64(limit))
        guard let bytes = unsafe slice(offset, longest) else { return nil }
        guard let length = unsafe bytes.firstIndex(of: 0) else {
            // Cut at the limit, or not ended within its table.
            return longest == UInt64(limit) ? unsafe String(decoding: bytes, as: UTF8.self) : nil
        }
        return unsafe String(decoding: bytes[..<length], as: UTF8.self)
    }
}

/// Why a file cannot be used.
enum FileFailure: Error, Hashable {
    /// A system call failed with this errno value.
    case system(Int32)
    /// It is a device, a pipe or the like.
    case notRegular
    /// It has no bytes.
    case empty
    /// It is no 64-bit little-endian ELF file.
    case notELF
    /// Its headers contradict its size or each other.
    case malformed(String)

    /// In words.
    var description: String {
        switch self {
        case .system(let code): SystemError(errno: code).words
        case .notRegular: "not a regular file"
        case .empty: "empty file"
        case .notELF: "no 64-bit little-endian ELF file"
        case .malformed(let what): what
        }
    }
}
