import CLinux
import Glibc

extension TargetRoot {
    /// The root of the process that a thread belongs to; nil where we may not look.
    init?(_ directory: borrowing ProcessDirectory, thread: Int32) {
        let link = "task/\(thread)/root"
        guard let folder = try? directory.open(link, flags: cl_open_path_only | O_DIRECTORY) else {
            return nil
        }
        let path = directory.destination(of: link) ?? "/"
        self.init(OpenFile(folder), path: path == "/" ? "" : path)
    }
}
