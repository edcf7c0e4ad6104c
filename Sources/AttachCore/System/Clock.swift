import Glibc

/// Clocks of the system.
public enum Clock {
    /// Nanoseconds on CLOCK_MONOTONIC.
    public static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }
    /// Nanoseconds on CLOCK_BOOTTIME.
    static func boottime() -> Int64 { read(CLOCK_BOOTTIME) }
    /// Nanoseconds since 1970.
    static func realtime() -> Int64 { read(CLOCK_REALTIME) }

    /// Waits until a time on CLOCK_MONOTONIC.
    static func sleep(until nanoseconds: Int64) {
        var time = timespec(
            tv_sec: time_t(nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000))
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
