import CLinux
import Glibc

/// An open file, folder, pipe or process of ours: closed once, when its owner lets go of it.
package struct FileDescriptor: ~Copyable, Sendable {
    /// Its number, which is valid as long as this value lives.
    package let number: Int32

    /// Takes over what a call has opened, or throws the negative errno that it returned instead.
    init(_ result: Int32) throws(SystemError) {
        guard result >= 0 else { throw SystemError(errno: -result) }
        number = result
    }

    /// Takes over an open descriptor. A negative number stands for none, which poll(2) ignores.
    package init(adopting number: Int32) { self.number = number }

    deinit { if number >= 0 { close(number) } }

    /// Gives the descriptor away, which is closed by its new owner.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Opens something by a path from the current folder.
    static func open(_ path: String, flags: Int32 = O_RDONLY) throws(SystemError) -> FileDescriptor
    {
        try FileDescriptor(unsafe cl_openat(AT_FDCWD, path, flags))
    }

    /// Opens something below this folder.
    func open(_ path: String, flags: Int32 = O_RDONLY) throws(SystemError) -> FileDescriptor {
        try FileDescriptor(unsafe cl_openat(number, path, flags))
    }

    /// Everything from its position on, at most `limit` bytes.
    func contents(limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        // Most files of `/proc` are small, and there are some of each thread.
        var chunk = [UInt8](repeating: 0, count: 4 << 10)
        while bytes.count < limit {
            let count = try read(into: &chunk)
            if count == 0 { break }
            bytes += chunk[..<count]
            if count == chunk.count, chunk.count < 64 << 10 {
                chunk = [UInt8](repeating: 0, count: 64 << 10)
            }
        }
        return bytes
    }

    /// Reads at its position as much as there is room for. Returns how many bytes; 0 at its end.
    func read(into chunk: inout [UInt8]) throws(SystemError) -> Int {
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(number, buffer.baseAddress, buffer.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError(errno: errno) }
        }
    }

    /// The bytes at an offset; nil where not all of them can be read.
    func bytes(at offset: UInt64, count: Int) -> [UInt8]? {
        bytes(at: offset, upTo: count).flatMap { $0.count == count ? $0 : nil }
    }

    /// The bytes at an offset, at most so many; nil where they cannot be read.
    func bytes(at offset: UInt64, upTo count: Int) -> [UInt8]? {
        guard let offset = off_t(exactly: offset) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(number, buffer.baseAddress, buffer.count, offset)
        }
        guard got >= 0 else { return nil }
        bytes.removeLast(count - got)
        return bytes
    }

    /// What fstat(2) says.
    func status() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw SystemError(errno: errno) }
        return status
    }
}
