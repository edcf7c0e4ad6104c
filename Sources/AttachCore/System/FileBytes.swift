import CLinux
import Glibc

/// Reads whole files, of which `/proc` does not tell the size.
enum FileBytes {
    /// Everything in the file of this name, at most `limit` bytes.
    static func read(_ path: String, limit: Int) -> Result<[UInt8], SystemError> {
        let file = unsafe cl_openat(AT_FDCWD, path, O_RDONLY)
        guard file >= 0 else { return .failure(SystemError(errno: -file)) }
        defer { close(file) }
        return read(descriptor: file, limit: limit)
    }

    /// Everything from the descriptor's position on, at most `limit` bytes.
    static func read(descriptor: Int32, limit: Int) -> Result<[UInt8], SystemError> {
        var bytes: [UInt8] = []
        // Most files of `/proc` are small, and there are some of each thread.
        var chunk = [UInt8](repeating: 0, count: 4 << 10)
        while bytes.count < limit {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(SystemError(errno: errno))
            }
            if count == 0 { break }
            bytes += chunk[..<count]
            if count == chunk.count, chunk.count < 64 << 10 {
                chunk = [UInt8](repeating: 0, count: 64 << 10)
            }
        }
        return .success(bytes)
    }
}
