/// How much memory can still be had.
enum FreeMemory {
    /// `MemAvailable` of `/proc/meminfo`, in bytes; 1 GiB where it cannot be read.
    static func bytes() -> UInt64 {
        guard let bytes = try? FileBytes.read("/proc/meminfo", limit: 1 << 16) else {
            return 1 << 30
        }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        where line.hasPrefix("MemAvailable:") {
            let fields = line.split(separator: " ")
            if fields.count > 1, let kibibytes = UInt64(fields[1]) { return kibibytes << 10 }
        }
        return 1 << 30
    }
}
