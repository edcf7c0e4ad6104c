import AttachReport
import Foundation
import Glibc
import Testing

@testable import AttachCore

/// Which mapped files may hold an address that was put there by another way.
struct SharedMemoryTests {
    /// A mapping of a new file of this test's, whose change lies so many seconds back.
    private static func reason(
        path: String, isShared: Bool, isWritable: Bool = false, isExecutable: Bool = false,
        started: Double
    ) throws -> String? {
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        let mapping = Mapping(
            start: 0x1000, end: 0x2000, isReadable: true, isWritable: isWritable,
            isExecutable: isExecutable, isShared: isShared, fileOffset: 0,
            device: UInt64(gnu_dev_major(status.st_dev)) << 32
                | UInt64(gnu_dev_minor(status.st_dev)),
            inode: UInt64(status.st_ino), path: path)
        return SharedMemory.hidesBecause(
            [mapping], root: try TargetRoot(folder: "/"), start: started)
    }

    @Test func aFileIsSafeThatIsOlderThanTheProcess() throws {
        let path = FileManager.default.currentDirectoryPath + "/.build/shared-\(getpid())"
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
        defer { unlink(path) }
        // Where the folder is memory, nothing in it is safe.
        var system = statfs()
        try #require(unsafe statfs(path, &system) == 0)
        guard system.f_type != 0x0102_1994 else { return }
        let now = Date().timeIntervalSince1970
        #expect(try Self.reason(path: path, isShared: true, started: now + 10) == nil)
        // It was changed since, or perhaps; nobody knows when the process began.
        for start in [now - 100, now + 1] {
            #expect(try Self.reason(path: path, isShared: true, started: start) != nil)
        }
        // Private memory of a file is captured where it was written to.
        #expect(try Self.reason(path: path, isShared: false, started: now - 100) == nil)
        // What can be written here is looked after elsewhere.
        #expect(
            try Self.reason(path: path, isShared: true, isWritable: true, started: now - 100)
                == nil)
    }

    @Test func filesThatAreMemory() throws {
        let path = "/dev/shm/asyncattach-\(getpid())"
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
        defer { unlink(path) }
        let later = Date().timeIntervalSince1970 + 100
        #expect(try Self.reason(path: path, isShared: true, started: later) != nil)
        #expect(try Self.reason(path: path, isShared: false, started: later) != nil)
        // A program that is in such a file.
        #expect(
            try Self.reason(path: path, isShared: false, isExecutable: true, started: later) == nil)
        #expect(SharedMemory.isMemoryFile("/memfd:x (deleted)"))
        #expect(!SharedMemory.isMemoryFile("/usr/lib/memfd:x"))
    }

    @Test func descriptorsThatTellNothing() {
        #expect(DescriptorHolders.silentKind("anon_inode:[io_uring]") == "an io_uring")
        #expect(DescriptorHolders.silentKind("anon_inode:[eventpoll]") == nil)
        #expect(DescriptorHolders.silentKind("/tmp/io_uring") == nil)
    }
}
