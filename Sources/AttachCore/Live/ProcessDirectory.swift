import CLinux
import Glibc

/// `/proc/PID`, held open: whatever happens to the number, this stays the process it was.
///
/// After the process has ended every access fails; none ever reaches another process that was
/// given the same number (proc(5)).
struct ProcessDirectory: ~Copyable {
    /// The pid it was opened by.
    let pid: Int32
    private let descriptor: Int32

    /// Opens the directory.
    init(pid: Int32) throws(AttachError) {
        let result = unsafe cl_openat(AT_FDCWD, "/proc/\(pid)", O_RDONLY | O_DIRECTORY)
        guard result >= 0 else {
            throw result == -ENOENT || result == -ESRCH
                ? .noSuchProcess(pid: pid) : .system(what: "open /proc/\(pid)", errno: -result)
        }
        self.pid = pid
        descriptor = result
    }

    deinit { close(descriptor) }

    /// The pids of all processes that we are shown, in no order.
    static func all() throws(AttachError) -> [Int32] {
        switch numbers(in: unsafe cl_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY)) {
        case .success(let pids): return pids
        case .failure(let error): throw .system(what: "read /proc", errno: error.errno)
        }
    }

    /// The bytes of a file below the directory; at most `limit`. The result is a negative errno
    /// where it could not be read.
    func contents(of path: String, limit: Int = 64 << 20) -> Result<[UInt8], SystemError> {
        let file = unsafe cl_openat(descriptor, path, O_RDONLY)
        guard file >= 0 else { return .failure(SystemError(errno: -file)) }
        defer { close(file) }
        return FileBytes.read(descriptor: file, limit: limit)
    }

    /// The bytes of a file that every living process has.
    ///
    /// - Throws: `ended` where it is not there any more, and otherwise what is in the way: that
    ///   we may open no more files does not mean that the process has ended.
    func required(_ path: String) throws(AttachError) -> [UInt8] {
        switch contents(of: path) {
        case .success(let bytes): return bytes
        case .failure(let error): throw failure(error, reading: path)
        }
    }

    /// What it means that a file or folder could not be read.
    private func failure(_ error: SystemError, reading path: String) -> AttachError {
        switch error.errno {
        case ENOENT, ESRCH, EINVAL: .ended(pid: pid)
        case EACCES, EPERM: .notPermitted(pid: pid, cause: PermissionDiagnosis.cause(of: self))
        default: .system(what: "read /proc/\(pid)/\(path)", errno: error.errno)
        }
    }

    /// The same as text, ill-formed UTF-8 replaced; nil where it could not be read.
    func text(of path: String) -> String? {
        guard case .success(let bytes) = contents(of: path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What `stat` says of a thread now; nil once it has ended.
    func stat(ofThread id: Int32) -> ThreadStat? {
        guard case .success(let bytes) = contents(of: "task/\(id)/stat") else { return nil }
        return ThreadStat(bytes)
    }

    /// Where a link leads; nil where it could not be read.
    func destination(of path: String) -> String? { try? link(at: path).get() }

    /// Where a link leads.
    func link(at path: String) -> Result<String, SystemError> {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var failure: Int32 = 0
        let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return -1 }
            let count = unsafe readlinkat(
                descriptor, path, base.assumingMemoryBound(to: CChar.self), bytes.count)
            if count < 0 { failure = errno }
            return count
        }
        guard count >= 0 else { return .failure(SystemError(errno: failure)) }
        return .success(String(decoding: buffer[..<count], as: UTF8.self))
    }

    /// An extended attribute of a file below the directory, as text; nil where it has none.
    func attribute(_ name: String, of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe cl_attribute(descriptor, path, name, base, bytes.count)
        }
        guard count > 0, count <= buffer.count else { return nil }
        return String(decoding: buffer[..<count].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Opens a file or folder below the directory; a negative errno where it cannot be. The
    /// caller closes it.
    func open(_ path: String, flags: Int32 = O_RDONLY) -> Int32 {
        unsafe cl_openat(descriptor, path, flags)
    }

    /// Opens a regular file below the directory for reading; a negative errno where it is none, or
    /// cannot be opened. The caller closes it.
    func openRegular(_ path: String) -> Int32 { unsafe cl_open_regular(descriptor, path) }

    /// The numbers that a folder's entries have for names; nil where it cannot be read, or has
    /// more of them than `limit`.
    func numbers(in folder: String, limit: Int) -> [Int32]? {
        guard case .success(let ids) = entries(of: folder), ids.count <= limit else { return nil }
        return ids
    }

    /// The ids of its threads, as `task/` lists them now.
    ///
    /// - Throws: as `required` does.
    func threadIDs() throws(AttachError) -> [Int32] {
        switch entries(of: "task") {
        case .failure(let error): throw failure(error, reading: "task")
        case .success(let ids):
            guard !ids.isEmpty else { throw .ended(pid: pid) }
            return ids.sorted()
        }
    }

    private func entries(of folder: String) -> Result<[Int32], SystemError> {
        Self.numbers(in: open(folder, flags: O_RDONLY | O_DIRECTORY))
    }

    /// The numbers among the names in an open folder, which is closed; or why it is not open.
    private static func numbers(in file: Int32) -> Result<[Int32], SystemError> {
        guard file >= 0 else { return .failure(SystemError(errno: -file)) }
        guard let stream = unsafe fdopendir(file) else {
            let error = SystemError(errno: errno)
            close(file)
            return .failure(error)
        }
        defer { unsafe closedir(stream) }
        var ids: [Int32] = []
        while let entry = unsafe readdir(stream) {
            let id = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe number(bytes)
            }
            if let id { ids.append(id) }
        }
        return .success(ids)
    }

    /// A name that ends with a zero, as a number; nil where it is none. Threads are listed while
    /// the process stands, ten thousand of them perhaps, so no string is made of each.
    private static func number(_ name: UnsafeRawBufferPointer) -> Int32? {
        var value: Int32?
        for index in name.indices {
            let byte = unsafe name[index]
            guard byte != 0 else { break }
            guard (0x30...0x39).contains(byte) else { return nil }
            let (product, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int32(byte - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}
