import CLinux
import Glibc

/// A folder on our own file system, held open, in which files are looked for.
struct OpenFolder: Sendable {
    /// By which name it was opened.
    let path: String
    private let folder: OpenFile

    /// Opens the folder; throws what is in the way.
    init(_ path: String) throws(SystemError) {
        folder = OpenFile(try FileDescriptor.open(path, flags: cl_open_path_only | O_DIRECTORY))
        self.path = path
    }

    /// Opens a regular file in it; nil where there is none of this name.
    func open(_ name: String) -> OpenFile? { try? OpenFile(regular: name, in: folder.descriptor) }
}

extension OpenFile {
    /// Opens a regular file of ours for reading; ENOENT for the empty path, EINVAL for what is no
    /// regular file.
    convenience init(regular path: String, in folder: Int32 = AT_FDCWD) throws(SystemError) {
        guard !path.isEmpty else { throw SystemError(errno: ENOENT) }
        self.init(try FileDescriptor(unsafe cl_open_regular(folder, path)))
    }
}
