import Glibc

/// An open file, closed when nobody holds it any more.
public final class OpenFile: Sendable {
    /// Its descriptor, open for reading.
    public let descriptor: Int32

    /// Takes over an open descriptor.
    public init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Bytes in it; 0 where that cannot be told.
    var size: Int64 {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }
}
