import Glibc
import Testing

/// What a test needs of the file system, without Foundation.
enum Files {
    /// The root of the repository.
    static var repository: String {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }

    /// The bytes of a file; nil where it cannot be opened.
    static func read(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&piece, 1, piece.count, file)
            guard count > 0 else { return result }
            result += piece.prefix(count)
        }
    }

    /// Replaces a file; false where that fails.
    static func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard let file = unsafe fopen(path, "w") else { return false }
        let count = unsafe fwrite(bytes, 1, bytes.count, file)
        return unsafe fclose(file) == 0 && count == bytes.count
    }

    /// Runs a program to its end; its exit status, or nil where it did not start or was killed.
    static func run(_ path: String, _ arguments: String...) -> Int32? {
        var child: pid_t = 0
        var argv = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        guard unsafe posix_spawnp(&child, path, nil, nil, &argv, environ) == 0 else { return nil }
        var status: Int32 = 0
        guard unsafe waitpid(child, &status, 0) == child else { return nil }
        // wait(2): the low seven bits say by which signal it ended, the next byte how it exited.
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
    }

    /// Removes a file, if it is there.
    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Whether an environment variable is set.
    static func environment(has name: String) -> Bool { unsafe getenv(name) != nil }

    /// A path for a scratch file of this process.
    static func scratch(_ name: String) -> String { "/tmp/asyncattach-\(getpid())-\(name)" }
}
