import AttachReport
import CLinux
import Glibc

/// Who a target is, as far as it can be told before and after a stop: a pid alone can come to
/// name another process, and an exec makes another program of the same one.
struct TargetIdentity: Equatable {
    /// Clock ticks after boot at which the process started.
    var startTime: UInt64
    /// Device and inode of the executable; nil where not readable.
    var executable: FileIdentity?

    /// Reads both through a living thread.
    init?(_ directory: borrowing ProcessDirectory, thread: Int32) {
        guard let bytes = try? directory.contents(of: "stat"), let stat = ThreadStat(bytes)
        else { return nil }
        startTime = stat.startTime
        if let file = try? directory.open("task/\(thread)/exe", flags: cl_open_path_only) {
            executable = FileIdentity(descriptor: file.number)
        }
    }
}
