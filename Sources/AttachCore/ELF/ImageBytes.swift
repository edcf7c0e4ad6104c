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
    let base: UnsafeRawPointer
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

    /// A run of bytes, valid while this object lives; nil where it does not lie in the file.
    func slice(_ offset: UInt64, _ size: UInt64) -> UnsafeRawBufferPointer? {
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
