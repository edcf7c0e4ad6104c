import Foundation
import Glibc
import TestSupport

/// A cgroup whose processes stand still until it goes away (kernel, Documentation/admin-guide/
/// cgroup-v2.rst, `cgroup.freeze`).
struct FrozenGroup: ~Copyable {
    private let folder: String
    private let pid: Int32

    /// Where the second version of cgroups is mounted; nil where it is not.
    private static let root: String? = {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
        }
        return nil
    }()

    static var isPossible: Bool {
        guard let root else { return false }
        let folder = "\(root)/asyncattach-test-\(getpid())-0"
        defer { _ = unsafe rmdir(folder) }
        return unsafe mkdir(folder, 0o700) == 0
            && FileManager.default.fileExists(atPath: folder + "/cgroup.freeze")
    }

    /// Freezes a process, and returns once it stands still.
    init(of pid: Int32) throws {
        self.pid = pid
        folder = "\(Self.root ?? "")/asyncattach-test-\(getpid())-\(pid)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try Self.write("\(pid)", to: folder + "/cgroup.procs")
        try Self.write("1", to: folder + "/cgroup.freeze")
        let events = folder + "/cgroup.events"
        try waitUntil("\(folder) is frozen") {
            try String(contentsOfFile: events, encoding: .utf8).contains("frozen 1")
        }
    }

    deinit {
        try? Self.write("0", to: folder + "/cgroup.freeze")
        try? Self.write("\(pid)", to: (Self.root ?? "") + "/cgroup.procs")
        _ = unsafe rmdir(folder)
    }

    private static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
