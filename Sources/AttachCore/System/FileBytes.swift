/// Reads whole files, of which `/proc` does not tell the size.
enum FileBytes {
    /// Everything in the file of this name, at most `limit` bytes.
    static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        try FileDescriptor.open(path).contents(limit: limit)
    }
}
