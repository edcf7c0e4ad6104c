import CLinux
import Glibc

/// The folder that a process takes for the root of all files, held open. What is opened below it
/// lies below it, whatever links a hostile owner has put there.
public struct TargetRoot: Sendable {
    private let folder: OpenFile
    /// Its own path, which the kernel puts before those of mapped files where a process has
    /// changed its root (chroot(2)); empty for `/`.
    private let path: String

    /// A folder that is open, and its own path; empty for `/`.
    init(_ folder: OpenFile, path: String) {
        self.folder = folder
        self.path = path
    }

    /// A folder of ours that stands for one.
    init(folder path: String) throws(SystemError) {
        folder = OpenFile(try FileDescriptor.open(path, flags: cl_open_path_only | O_DIRECTORY))
        self.path = ""
    }

    /// Opens a regular file by a path as the kernel states it.
    ///
    /// - Parameter followsLast: Whether the last part of the path may be a link.
    func open(_ path: String, followsLast: Bool = true) throws(SystemError) -> FileDescriptor {
        guard !path.isEmpty else { throw SystemError(errno: ENOENT) }
        return try FileDescriptor(
            unsafe cl_open_in_root(folder.descriptor, inside(path), followsLast ? 0 : O_NOFOLLOW))
    }

    /// The path as the process itself would write it.
    func inside(_ path: String) -> String {
        guard !self.path.isEmpty, path.hasPrefix(self.path + "/") else { return path }
        return String(decoding: path.utf8.dropFirst(self.path.utf8.count), as: UTF8.self)
    }

    /// Whether it is what this process takes for the root.
    var isOurs: Bool {
        guard let ours = try? TargetRoot(folder: "/") else { return false }
        return FileIdentity(descriptor: ours.folder.descriptor)
            == FileIdentity(descriptor: folder.descriptor)
    }
}
