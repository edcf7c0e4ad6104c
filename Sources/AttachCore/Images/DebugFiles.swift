import Glibc

/// Separate debug files, which distributions install beside stripped programs.
enum DebugFiles {
    /// The folder in which they are looked up by build ID, on the tool's own file system: what the
    /// target's root holds at this place is the target's own claim.
    static let folder = "/usr/lib/debug/.build-id"

    /// The installed debug file with this build ID, which its own note must confirm.
    static func find(_ buildID: [UInt8]) -> ELFFile? {
        guard buildID.count >= 2 else { return nil }
        let digits = hexadecimal(buildID)
        let path = "\(folder)/\(digits.prefix(2))/\(digits.dropFirst(2)).debug"
        // Neither a pipe nor a terminal may hold us up.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let file = try? ELFFile(ImageBytes(mapping: descriptor)), file.buildID == buildID
        else { return nil }
        return file
    }
}
