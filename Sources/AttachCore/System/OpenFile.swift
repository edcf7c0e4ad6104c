import Glibc

/// An open file with several owners, closed when the last of them lets go of it.
public final class OpenFile: Sendable {
    private let owned: FileDescriptor

    /// Its descriptor, open for reading.
    public var descriptor: Int32 { owned.number }

    /// Takes over an open descriptor.
    public init(adopting descriptor: Int32) { owned = FileDescriptor(adopting: descriptor) }

    /// Takes over a descriptor.
    init(_ descriptor: consuming FileDescriptor) { owned = descriptor }

    /// Bytes in it; 0 where that cannot be told.
    var size: Int64 { (try? owned.status()).map { Int64($0.st_size) } ?? 0 }

    /// The bytes at an offset; nil where not all of them can be read.
    func bytes(at offset: UInt64, count: Int) -> [UInt8]? { owned.bytes(at: offset, count: count) }

    /// The bytes at an offset, at most so many; nil where they cannot be read.
    func bytes(at offset: UInt64, upTo count: Int) -> [UInt8]? {
        owned.bytes(at: offset, upTo: count)
    }

    /// What fstat(2) says.
    func status() throws(SystemError) -> stat { try owned.status() }

    /// Opens something below this folder.
    func open(_ path: String, flags: Int32 = O_RDONLY) throws(SystemError) -> FileDescriptor {
        try owned.open(path, flags: flags)
    }
}
