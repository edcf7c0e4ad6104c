import CLinux
import Glibc

/// Memory that is a file's, in which somebody else, or the process by another way, may have put an
/// address that the process will find there: it is not captured.
enum SharedMemory {
    /// Why there may be such memory; nil where there is none.
    ///
    /// Memory that is shared and can be written here is left to `MemoryInUse`. What can only be read
    /// is of no concern where its file has not changed since the process began: the address of a
    /// task that began later cannot be in it.
    ///
    /// - Parameter start: When the process began, in seconds since 1970.
    static func hidesBecause(_ mappings: [Mapping], root: TargetRoot?, start: Double?) -> String? {
        let images = Set(mappings.lazy.filter { $0.isExecutable && $0.isFile }.map(\.identity))
        var settled: Set<MappedIdentity> = []
        for mapping in mappings where mapping.isFile {
            // Of a program or library, which may be in such a file, too, nobody reads data so.
            let isSuspect =
                mapping.isShared
                ? !(mapping.isReadable && mapping.isWritable)
                : isMemoryFile(mapping.path) && !images.contains(mapping.identity)
            guard isSuspect, settled.insert(mapping.identity).inserted else { continue }
            if isMemoryFile(mapping.path) || !isOld(mapping, root, start) {
                let name = mapping.path.split(separator: "/").last.map(String.init) ?? mapping.path
                return "a file that it maps (\(name)) may hold addresses"
            }
        }
        return nil
    }

    /// Files that are memory by another name (memfd_create(2), shm_open(3), shmget(2)).
    static func isMemoryFile(_ path: String) -> Bool {
        ["/memfd:", "/dev/shm/", "/SYSV", "/dev/zero", "/anon_hugepage"].contains {
            path.hasPrefix($0)
        }
    }

    /// Whether a file is known not to have changed since the process began. The time of its last
    /// change is the kernel's, and nobody can put it back.
    private static func isOld(_ mapping: Mapping, _ root: TargetRoot?, _ start: Double?) -> Bool {
        guard let root, let start, let file = try? root.open(mapping.path),
            let status = try? file.status(), cl_device(UInt64(status.st_dev)) == mapping.device,
            UInt64(status.st_ino) == mapping.inode, cl_is_in_memory(file.number) == 0
        else { return false }
        // Both clocks are rough.
        return Double(status.st_ctim.tv_sec) + 2 < start
    }
}
