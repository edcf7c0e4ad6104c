import CLinux
import Glibc

/// A folder on our own file system, held open, in which files are looked for.
struct OpenFolder: Sendable {
    /// By which name it was opened.
    let path: String
    private let folder: OpenFile

    /// Opens the folder; throws what is in the way.
    init(_ path: String) throws(SystemError) {
        let descriptor = unsafe cl_openat(AT_FDCWD, path, cl_open_path_only | O_DIRECTORY)
        guard descriptor >= 0 else { throw SystemError(errno: -descriptor) }
        self.path = path
        folder = OpenFile(adopting: descriptor)
    }

    /// Opens a regular file in it; nil where there is none of this name.
    func open(_ name: String) -> OpenFile? {
        OpenFile(regular: name, in: folder.descriptor)
    }
}

extension OpenFile {
    /// Opens a regular file of ours for reading; nil where there is none of this name.
    convenience init?(regular path: String, in folder: Int32 = AT_FDCWD) {
        let descriptor = unsafe cl_open_regular(folder, path)
        guard descriptor >= 0 else { return nil }
        self.init(adopting: descriptor)
    }
}
