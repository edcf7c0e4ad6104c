import AttachReport

/// Finds when sleeping tasks will wake.
///
/// A sleep is a helper task that a timer of libdispatch will start (`dispatch_after`). So the way
/// leads from the helper to the item of dispatch that would run it, from there to the timer that
/// has this item for its handler, and that knows its time (`struct dispatch_timer_source_refs_s`,
/// src/event/event_internal.h). All of them are blocks of the heap, which is gone through twice,
/// however many tasks sleep.
struct SleepDeadlines {
    /// Nanoseconds from the stop until each task wakes, by the task's address.
    private(set) var wakesIn: [UInt64: Int64] = [:]

    /// Of `dispatch_continuation_s`: what its function is called with.
    private static let argument: UInt64 = 40

    /// Of the timer, a block of its own: identity, filter and flags in one word; the handler; the
    /// time, the latest time, and the interval, which is the largest number for one that fires
    /// once.
    private static let flags: UInt64 = 24
    private static let handler: UInt64 = 40
    private static let target: UInt64 = 80
    private static let deadline: UInt64 = 88
    private static let interval: UInt64 = 96
    /// `DISPATCH_EVFILT_TIMER`, the fifth byte of the flags.
    private static let timerFilter: UInt8 = 0xfa

    init(
        _ helpers: [TimerHelper], map: HeapMap, clocks: ClockReadings, reader: WordReader
    ) {
        var reader = reader
        var sleepers: [UInt64: UInt64] = [:]
        for helper in helpers { sleepers[helper.address] = helper.sleeper }
        guard !sleepers.isEmpty else { return }
        var items: [UInt64: UInt64] = [:]
        map.eachBlock { block in
            if let word = reader.word(block.address, Self.argument), let task = sleepers[word] {
                items[block.address] = task
            }
        }
        guard !items.isEmpty else { return }
        var found: [UInt64: Int64] = [:]
        map.eachBlock { block in
            guard let item = reader.word(block.address, Self.handler), let task = items[item],
                let time = Self.time(of: block.address, clocks, &reader)
            else { return }
            // Two timers for one sleep there cannot be: the earlier one is a left-over then.
            found[task] = max(found[task] ?? time, time)
        }
        wakesIn = found
    }

    private static func time(
        of timer: UInt64, _ clocks: ClockReadings, _ reader: inout WordReader
    ) -> Int64? {
        guard let flags = reader.word(timer, flags),
            UInt8(truncatingIfNeeded: flags >> 32) == timerFilter,
            reader.word(timer, interval) == .max,
            let target = reader.word(timer, target), let deadline = reader.word(timer, deadline),
            target > 0, target <= deadline, let time = Int64(exactly: target)
        else { return nil }
        // `DISPATCH_TIMER_CLOCK_MASK` of the seventh byte: without the time that the machine was
        // suspended, with it, or the time of day (src/shims/time.h).
        let now: Int64? =
            switch flags >> 50 & 3 {
            case 0: clocks.monotonic
            case 1: clocks.boottime
            case 2: clocks.realtime
            default: nil
            }
        guard let now else { return nil }
        let (left, overflow) = time.subtractingReportingOverflow(now)
        return overflow ? nil : left
    }
}
