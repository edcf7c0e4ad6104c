import Glibc

/// The file in which a program that makes code as it runs says what it calls it
/// (`/tmp/perf-PID.map`; perf's jit-interface.txt).
public struct PerfMap: Sendable {
    /// The file, open.
    let file: OpenFile
    /// Its name, without folders.
    let name: String

    /// Larger ones are not read.
    static let sizeLimit = 256 << 20

    /// Opens the file of a process; nil without one that may be believed: a regular file, no
    /// link, of the process's user or of root.
    ///
    /// - Parameters:
    ///   - pid: Its pid in its own namespace.
    ///   - user: Its effective user.
    ///   - root: What it takes for the root of all files.
    init?(pid: Int32?, user: UInt32?, root: TargetRoot?) {
        guard let root, let pid, let user else { return nil }
        let name = "perf-\(pid).map"
        guard let file = try? root.open("/tmp/\(name)", followsLast: false),
            let found = try? file.status(), found.st_uid == user || found.st_uid == 0,
            found.st_size <= Self.sizeLimit
        else { return nil }
        self.file = OpenFile(file)
        self.name = name
    }
}
