import Foundation
import Glibc

/// Threads that wait for a time, a signal, or the end of a process.
enum Sleeps {
    static func start() {
        let day = ("seconds", JSON.number(86_400))
        Waiter("sleep", "sleep", in: SystemCall.clockNanosleep, [day]) { sleep(86_400) }
        Waiter("sleep-until", "sleep", in: SystemCall.clockNanosleep, [day]) {
            var time = PosixLocks.deadline(CLOCK_MONOTONIC)
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
        }
        Waiter("usleep", "sleep", in: SystemCall.clockNanosleep, [("unknownTimeout", true)]) {
            usleep(4_000_000_000)
        }
        Waiter("sleep-thread", "sleep", in: SystemCall.clockNanosleep, [("unknownTimeout", true)]) {
            Thread.sleep(forTimeInterval: 86_400)
        }
        Waiter("pause", "signal", in: SystemCall.pause) { pause() }
    }
}
