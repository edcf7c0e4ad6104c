/// Why no capture can be made of a core file.
public enum CoreFileError: Error, Hashable, Sendable, Codable {
    /// A file that was named cannot be opened or read.
    case file(path: String, errno: Int32)
    /// What it is unpacked into cannot be made.
    case noTemporaryFile(folder: String, errno: Int32)
    /// It is something else.
    case notACore(path: String, what: String)
    /// A core file, but of a kind that cannot be read.
    case notSupported(path: String, what: String)
    /// It ends, or makes no sense, before it says anything of the process.
    case damaged(path: String, what: String)
}

/// Where the files are that were mapped into the process.
public struct CoreFileOptions: Hashable, Sendable {
    /// The program that it ran; nil for where the core file says.
    public var executable: String?
    /// The folder that stands for its root; nil for ours.
    public var sysroot: String?

    /// The defaults.
    public init(executable: String? = nil, sysroot: String? = nil) {
        self.executable = executable
        self.sysroot = sysroot
    }
}
