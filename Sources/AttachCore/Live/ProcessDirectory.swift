import CLinux
import Glibc

/// `/proc/PID`, held open: whatever happens to the number, this stays the process it was.
///
/// After the process has ended every access fails; none ever reaches another process that was
/// given the same number (proc(5)).
struct ProcessDirectory: ~Copyable {
    /// The pid it was opened by.
    let pid: Int32
    private let folder: FileDescriptor

    /// Opens the directory.
    init(pid: Int32) throws(AttachError) {
        do throws(SystemError) {
            folder = try FileDescriptor.open("/proc/\(pid)", flags: O_RDONLY | O_DIRECTORY)
        } catch {
            throw error.errno == ENOENT || error.errno == ESRCH
                ? .noSuchProcess(pid: pid) : .system(what: "open /proc/\(pid)", errno: error.errno)
        }
        self.pid = pid
    }

    /// The pids of all processes that we are shown, in no order.
    static func all() throws(AttachError) -> [Int32] {
        do throws(SystemError) {
            return try numbers(in: FileDescriptor.open("/proc", flags: O_RDONLY | O_DIRECTORY))
        } catch {
            throw .system(what: "read /proc", errno: error.errno)
        }
    }

    /// The bytes of a file below the directory; at most `limit`.
    func contents(of path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        try folder.open(path).contents(limit: limit)
    }

    /// The bytes of a file that every living process has.
    ///
    /// - Throws: `ended` where it is not there any more, and otherwise what is in the way: that
    ///   we may open no more files does not mean that the process has ended.
    func required(_ path: String) throws(AttachError) -> [UInt8] {
        do throws(SystemError) {
            return try contents(of: path)
        } catch {
            throw failure(error, reading: path)
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
        (try? contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What `stat` says of a thread now; nil once it has ended.
    func stat(ofThread id: Int32) -> ThreadStat? {
        (try? contents(of: "task/\(id)/stat")).flatMap { ThreadStat($0) }
    }

    /// Where a link leads; nil where it could not be read.
    func destination(of path: String) -> String? { try? link(at: path) }

    /// Where a link leads.
    func link(at path: String) throws(SystemError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var failure: Int32 = 0
        let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return -1 }
            let count = unsafe readlinkat(
                folder.number, path, base.assumingMemoryBound(to: CChar.self), bytes.count)
            if count < 0 { failure = errno }
            return count
        }
        guard count >= 0 else { throw SystemError(errno: failure) }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// An extended attribute of a file below the directory, as text; nil where it has none.
    func attribute(_ name: String, of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe cl_attribute(folder.number, path, name, base, bytes.count)
        }
        guard count > 0, count <= buffer.count else { return nil }
        return String(decoding: buffer[..<count].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Opens a file or folder below the directory.
    func open(_ path: String, flags: Int32 = O_RDONLY) throws(SystemError) -> FileDescriptor {
        try folder.open(path, flags: flags)
    }

    /// Opens a regular file below the directory for reading; EINVAL for anything else.
    func openRegular(_ path: String) throws(SystemError) -> FileDescriptor {
        try FileDescriptor(unsafe cl_open_regular(folder.number, path))
    }

    /// The numbers that a folder's entries have for names; nil where it cannot be read, or has
    /// more of them than `limit`.
    func numbers(in folder: String, limit: Int) -> [Int32]? {
        guard let ids = try? entries(of: folder), ids.count <= limit else { return nil }
        return ids
    }

    /// The ids of its threads, as `task/` lists them now.
    ///
    /// - Throws: as `required` does.
    func threadIDs() throws(AttachError) -> [Int32] {
        let ids: [Int32]
        do throws(SystemError) {
            ids = try entries(of: "task")
        } catch {
            throw failure(error, reading: "task")
        }
        guard !ids.isEmpty else { throw .ended(pid: pid) }
        return ids.sorted()
    }

    private func entries(of path: String) throws(SystemError) -> [Int32] {
        try Self.numbers(in: open(path, flags: O_RDONLY | O_DIRECTORY))
    }

    /// The numbers among the names in a folder.
    private static func numbers(in folder: consuming FileDescriptor) throws(SystemError) -> [Int32]
    {
        guard let stream = unsafe fdopendir(folder.number) else { throw SystemError(errno: errno) }
        // The stream closes it.
        _ = folder.release()
        defer { unsafe closedir(stream) }
        var ids: [Int32] = []
        while let entry = unsafe readdir(stream) {
            let id = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe number(bytes)
            }
            if let id { ids.append(id) }
        }
        return ids
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
