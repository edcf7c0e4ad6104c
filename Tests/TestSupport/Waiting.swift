import Glibc

/// What did not become true in time.
package struct NotInTime: Error, CustomStringConvertible {
    let what: String
    let seconds: Double

    package var description: String { "waited \(seconds) s in vain until \(what)" }
}

/// Asks again and again until a condition holds.
///
/// - Parameters:
///   - what: What is waited for, in words that go on after "until".
///   - seconds: How long. Much more than it ever takes: a machine under load is slow.
///   - microseconds: Between two questions.
/// - Throws: `NotInTime`, or what the condition throws.
package func waitUntil(
    _ what: String, seconds: Double = 60, every microseconds: UInt32 = 1000,
    _ condition: () throws -> Bool
) throws {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    let end = Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 + seconds
    while try !condition() {
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        guard Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 < end else {
            throw NotInTime(what: what, seconds: seconds)
        }
        usleep(microseconds)
    }
}

extension ChildProcess {
    /// Waits until the state of its first thread begins with this letter (proc_pid_status(5)).
    package func waitUntil(state: String) throws {
        try TestSupport.waitUntil("the state of \(pid) is \(state)") {
            statusField("State")?.hasPrefix(state) == true
        }
    }

    /// Waits until this process traces it.
    package func waitUntil(tracedBy tracer: Int32) throws {
        try TestSupport.waitUntil("\(tracer) traces \(pid)", every: 10_000) {
            statusField("TracerPid") == "\(tracer)"
        }
    }
}
