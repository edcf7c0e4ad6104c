import Glibc

/// What a system call said when it failed.
public struct SystemError: Error, Hashable, Sendable {
    /// The positive errno.
    public let errno: Int32

    /// Wraps an errno.
    public init(errno: Int32) { self.errno = errno }

    /// What strerror(3) says.
    public var words: String {
        guard let text = unsafe strerror(errno) else { return "error \(errno)" }
        return unsafe String(cString: text)
    }
}
