import AttachCore
import AttachReport
import Glibc

/// Lines for the person on standard error.
enum ErrorMessage {
    /// Writes a line to standard error, with control characters made visible. If nobody takes it
    /// for some seconds, as behind a full pipe, it is lost: that is better than to wait for ever.
    static func print(_ message: String) {
        let line = Array("asyncattach: \(TerminalText.escaping(message))\n".utf8)
        var rest = line[...]
        var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        while !rest.isEmpty {
            guard unsafe poll(&poller, 1, patience) > 0, poller.revents & Int16(POLLOUT) != 0 else {
                return
            }
            // A pipe that can be written takes so many bytes without a wait (pipe(7)).
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe write(2, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Milliseconds to wait for somebody who reads standard error.
    private static let patience: Int32 = 3000
}
