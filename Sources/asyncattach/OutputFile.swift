import AttachCore
import AttachReport
import Glibc

/// Where a report goes: standard output, a device or pipe, or a file that appears under its name
/// only when it is complete.
struct OutputFile: ~Copyable {
    /// Why a report could not be written.
    enum Failure: Error, Equatable {
        /// The file could not be made.
        case create(path: String, errno: Int32)
        /// It could not be written, or not given its name.
        case write(errno: Int32)
    }

    /// Open for writing, as long as this value lives.
    var descriptor: Int32 { file.number < 0 ? 1 : file.number }
    /// None for standard output.
    private let file: FileDescriptor
    private let path: String?
    private let temporaryPath: String?

    /// Opens the file beside its final name, readable by its owner only: a report can hold
    /// secrets of the process.
    init(_ options: OutputOptions) throws(Failure) { try self.init(path: options.output) }

    /// The same; nil and `-` stand for standard output.
    init(path: String?) throws(Failure) {
        guard let path, path != "-" else {
            file = FileDescriptor(adopting: -1)
            self.path = nil
            temporaryPath = nil
            return
        }
        guard !path.isEmpty else { throw .create(path: "a file without a name", errno: ENOENT) }
        if let special = try Self.openSpecial(path) {
            file = special
            self.path = nil
            temporaryPath = nil
            return
        }
        let place = Self.resolved(path)
        let temporary = place + ".\(getpid()).partial"
        let made = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard made >= 0 else { throw .create(path: path, errno: errno) }
        file = FileDescriptor(adopting: made)
        self.path = place
        temporaryPath = temporary
    }

    /// A device or a pipe cannot be replaced, only written; nil for anything else.
    private static func openSpecial(_ path: String) throws(Failure) -> FileDescriptor? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else {
            return nil
        }
        // A pipe that nobody reads is an error, and nothing to wait for.
        let file = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .create(path: path, errno: errno) }
        return FileDescriptor(adopting: file)
    }

    /// What a link stands for, so that the link stays one.
    private static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// What has no name yet, for whoever must die before it is finished.
    struct Unfinished {
        fileprivate let path: String?

        /// Takes it away.
        func remove() { if let path { _ = unsafe unlink(path) } }
    }

    /// The same file, to be taken away.
    var unfinished: Unfinished { Unfinished(path: temporaryPath) }

    /// Gives the file its name, or takes it away again. What failed, if anything did.
    func finish(keep: Bool) -> Failure? {
        guard let path, let temporaryPath else { return nil }
        guard keep else {
            unsafe unlink(temporaryPath)
            return nil
        }
        guard fsync(descriptor) == 0 || errno == EINVAL,
            unsafe rename(temporaryPath, path) == 0
        else {
            let failure = Failure.write(errno: errno)
            unsafe unlink(temporaryPath)
            return failure
        }
        return nil
    }
}

extension OutputFile.Failure {
    /// What is wrong.
    var words: String {
        switch self {
        case .create(let path, let errno):
            "could not write \(path): \(SystemError(errno: errno))"
        case .write(let errno): "could not write the report: \(SystemError(errno: errno))"
        }
    }
}

/// Writes to an open descriptor, which it does not close.
struct DescriptorSink: ByteSink {
    private let descriptor: Int32

    /// A reader that goes away is an error to report from now on, not a signal to die of.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        signal(SIGPIPE, SIG_IGN)
    }

    mutating func write(_ bytes: Span<UInt8>) throws(OutputFile.Failure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + written },
                    buffer.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&poller, 1, -1)
            } else if errno != EINTR {
                throw .write(errno: errno)
            }
        }
    }
}
