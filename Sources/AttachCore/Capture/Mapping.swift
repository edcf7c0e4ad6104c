import CLinux

/// One line of `/proc/PID/maps` (proc_pid_maps(5)).
public struct Mapping: Hashable, Sendable, Codable {
    /// First address.
    public var start: UInt64
    /// One past the last address.
    public var end: UInt64
    /// May be read.
    public var isReadable: Bool
    /// May be written.
    public var isWritable: Bool
    /// May be executed.
    public var isExecutable: Bool
    /// Changes are seen by other processes (`s` in the fourth place).
    public var isShared: Bool
    /// Offset in the file, in bytes.
    public var fileOffset: UInt64
    /// Device of the file, as `major << 32 | minor`.
    public var device: UInt64
    /// Inode of the file; 0 for memory without one.
    public var inode: UInt64
    /// The path, or a name in brackets such as `[heap]`; empty for anonymous memory.
    public var path: String

    /// Whether a file lies behind it (`[vdso]` and anonymous memory have none).
    public var isFile: Bool { inode != 0 }
    /// Bytes in it.
    public var size: UInt64 { end - start }
    /// Which file it is.
    var identity: MappedIdentity { MappedIdentity(device, inode) }
}

/// A file as mappings name it: device and inode.
struct MappedIdentity: Hashable {
    /// `major << 32 | minor`.
    var device: UInt64
    /// Inode on that device.
    var inode: UInt64

    init(_ device: UInt64, _ inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

extension FileIdentity {
    /// The same as `maps` states it.
    var mapped: MappedIdentity {
        MappedIdentity(cl_device(device), inode)
    }
}
