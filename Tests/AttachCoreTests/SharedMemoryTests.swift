import AttachReport
import Foundation
import Glibc
import Testing

@testable import AttachCore

/// Which mapped files may hold an address that was put there by another way.
struct SharedMemoryTests {
    /// What is said of a file that this process maps, as the kernel tells it.
    private static func reason(
        path: String, flags: Int32, started: Double, change: (inout Mapping) -> Void = { _ in }
    ) throws -> String? {
        let file = unsafe open(path, O_RDONLY)
        try #require(file >= 0)
        defer { close(file) }
        let memory = unsafe mmap(nil, 4096, PROT_READ, flags, file, 0)
        try #require(unsafe memory != MAP_FAILED)
        defer { unsafe munmap(memory, 4096) }
        let text = try ProcessDirectory(pid: getpid()).contents(of: "maps")
        let address = UInt64(UInt(bitPattern: memory))
        var mapping = try #require(Mapping.parse(text).first { $0.start == address })
        change(&mapping)
        return SharedMemory.hidesBecause(
            [mapping], root: try TargetRoot(folder: "/"), start: started)
    }

    private static var now: Double { Date().timeIntervalSince1970 }

    @Test func aFileIsSafeThatIsOlderThanTheProcess() throws {
        let old = "/usr/bin/env"
        #expect(try Self.reason(path: old, flags: MAP_SHARED, started: Self.now) == nil)
        // Another file has this name by now.
        #expect(
            try Self.reason(path: old, flags: MAP_SHARED, started: Self.now) { $0.inode += 1 }
                != nil)
    }

    @Test func aFileThatHasChanged() throws {
        let path = FileManager.default.temporaryDirectory.path + "/shared-\(getpid())"
        try #require(FileManager.default.createFile(atPath: path, contents: Data([1])))
        defer { unsafe unlink(path) }
        for start in [Self.now - 100, Self.now + 1] {
            #expect(try Self.reason(path: path, flags: MAP_SHARED, started: start) != nil)
        }
        // Private memory of a file is captured where it was written to, and shared memory that can
        // be written here is looked after elsewhere.
        #expect(try Self.reason(path: path, flags: MAP_PRIVATE, started: Self.now) == nil)
        #expect(
            try Self.reason(path: path, flags: MAP_SHARED, started: Self.now) {
                $0.isWritable = true
            } == nil)
    }

    @Test func filesThatAreMemory() throws {
        let path = "/dev/shm/asyncattach-\(getpid())"
        try #require(FileManager.default.createFile(atPath: path, contents: Data([1])))
        defer { unsafe unlink(path) }
        for flags in [MAP_SHARED, MAP_PRIVATE] {
            #expect(try Self.reason(path: path, flags: flags, started: Self.now + 100) != nil)
        }
        // A program that is in such a file.
        #expect(
            try Self.reason(path: path, flags: MAP_PRIVATE, started: Self.now + 100) {
                $0.isExecutable = true
            } == nil)
        #expect(SharedMemory.isMemoryFile("/memfd:x (deleted)"))
        #expect(!SharedMemory.isMemoryFile("/usr/lib/memfd:x"))
    }

    @Test func descriptorsThatTellNothing() {
        #expect(DescriptorHolders.silentKind("anon_inode:[io_uring]") == "an io_uring")
        #expect(DescriptorHolders.silentKind("anon_inode:[eventpoll]") == nil)
        #expect(DescriptorHolders.silentKind("/tmp/io_uring") == nil)
    }
}
