import AttachCore
import AttachReport

/// Watches a process after it was captured, where that makes surer what is suspected.
struct ProcessWatch {
    /// Seconds that the whole job may take.
    let seconds: UInt32
    /// For how long to watch.
    let patience: Patience

    /// What has not moved, until nothing is left that this could make surer; nil where the process
    /// cannot be watched.
    ///
    /// - Parameter start: When the job began, by the monotonic clock.
    func stillness(
        of snapshot: Snapshot, _ capture: Capture, since start: Int64
    ) -> Stillness? {
        guard patience.nanoseconds > 0, let look = capture.secondLook else { return nil }
        // What is left of the time is for the report.
        let deadline = start + Int64(seconds) * 900_000_000
        return look.stillness(
            of: snapshot, capture: capture, patience: patience.nanoseconds, deadline: deadline
        ) { stillness in
            var seen = snapshot
            seen.stillness = stillness
            return Diagnosis(of: seen).wantsSecondLook
        }
    }

    /// The same for a capture whose report is made later; nil as well where nothing is suspected.
    /// Gives up this process's privileges.
    func stillness(of capture: Capture, since start: Int64) -> Stillness? {
        guard patience.nanoseconds > 0 else { return nil }
        capture.confine(seconds: seconds)
        var wanted = SnapshotOptions()
        wanted.readsLines = false
        var assembler = SnapshotAssembler(capture, options: wanted)
        let snapshot = assembler.snapshot()
        guard Diagnosis(of: snapshot).wantsSecondLook else { return nil }
        return stillness(of: snapshot, capture, since: start)
    }
}

extension Capture {
    /// Gives up this process's privileges, and bounds what reading foreign bytes may take: they may
    /// ask for any amount of memory, and the honest need grows with the capture.
    func confine(seconds: UInt32) {
        SupervisedChild.confine(
            memoryBytes: 8 << 30 + mappedBytes + 6 * record.bytes, seconds: UInt64(seconds))
    }
}
