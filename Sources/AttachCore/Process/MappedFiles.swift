import AttachReport
import CLinux
import Glibc

/// Opens the files that are mapped into a process: those very files, by device and inode, not
/// whatever bears their names now.
enum MappedFiles {
    /// One entry for every file with an executable mapping.
    ///
    /// The kernel's links to mapped files come first: they work for files that were deleted,
    /// replaced, or lie in another mount namespace. Without the privilege for them, the path is
    /// opened below the target's root, and must turn out to be the same file.
    static func open(
        _ mappings: [Mapping], of directory: borrowing ProcessDirectory, thread: Int32,
        gaps: inout [Gap]
    ) -> [MappedFile] {
        var files: [MappedFile] = []
        var seen: Set<[UInt64]> = []
        var root: Int32?
        for mapping in mappings where mapping.isExecutable && mapping.isFile {
            guard seen.insert([mapping.device, mapping.inode]).inserted else { continue }
            var file = MappedFile(
                path: mapping.path, device: mapping.device, inode: mapping.inode, file: nil)
            let range =
                String(mapping.start, radix: 16) + "-" + String(mapping.end, radix: 16)
            var descriptor = directory.open("task/\(thread)/map_files/\(range)")
            if descriptor < 0 { descriptor = directory.open("map_files/\(range)") }
            if descriptor < 0 {
                let folder =
                    root
                    ?? directory.open("task/\(thread)/root", flags: cl_open_path_only | O_DIRECTORY)
                root = folder
                descriptor = open(mapping, below: folder)
            }
            if descriptor < 0, mapping.inode == executable(directory, thread)?.inode {
                descriptor = directory.open("task/\(thread)/exe")
            }
            if descriptor >= 0 {
                file.file = OpenFile(adopting: descriptor)
            } else {
                gaps.append(
                    Gap(
                        what: "file \(mapping.path)", address: Address(mapping.start),
                        reason: .noSymbols, detail: SystemError(errno: -descriptor).words))
            }
            files.append(file)
        }
        if let root, root >= 0 { close(root) }
        return files
    }

    private static func open(_ mapping: Mapping, below root: Int32) -> Int32 {
        guard root >= 0 else { return root }
        let descriptor = unsafe cl_open_in_root(root, mapping.path)
        guard descriptor >= 0 else { return descriptor }
        guard FileIdentity(descriptor: descriptor)?.inode == mapping.inode else {
            close(descriptor)
            return -ESTALE
        }
        return descriptor
    }

    private static func executable(
        _ directory: borrowing ProcessDirectory, _ thread: Int32
    ) -> FileIdentity? {
        let file = directory.open("task/\(thread)/exe", flags: cl_open_path_only)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return FileIdentity(descriptor: file)
    }
}
