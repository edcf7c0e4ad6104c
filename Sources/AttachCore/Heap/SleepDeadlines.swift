import AttachReport

/// Finds when sleeping tasks will wake.
///
/// A sleep is a helper task that a timer of libdispatch will start (`dispatch_after`). So the way
/// leads from the helper to the item of dispatch that would run it, from there to the timer that
/// has this item for its handler, and that knows its time. All of them are blocks of the heap, which is gone through twice,
/// however many tasks sleep.
struct SleepDeadlines {
    /// Nanoseconds from the stop until each task wakes, by the task's address.
    private(set) var wakesIn: [UInt64: Int64] = [:]

    private typealias Layout = DispatchLayout

    init(
        _ helpers: [TimerHelper], map: HeapMap, clocks: ClockReadings, reader: WordReader
    ) {
        var reader = reader
        var sleepers: [UInt64: UInt64] = [:]
        for helper in helpers { sleepers[helper.address] = helper.sleeper }
        guard !sleepers.isEmpty else { return }
        var items: [UInt64: UInt64] = [:]
        map.eachBlock { block in
            if let word = reader.word(block.address, Layout.itemContext), let task = sleepers[word]
            {
                items[block.address] = task
            }
        }
        guard !items.isEmpty else { return }
        var found: [UInt64: Int64] = [:]
        map.eachBlock { block in
            guard let item = reader.word(block.address, Layout.timerHandler),
                let task = items[item],
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
        guard let flags = reader.word(timer, Layout.timerFlags),
            UInt8(truncatingIfNeeded: flags >> Layout.timerFilterShift) == Layout.timerFilter,
            reader.word(timer, Layout.timerInterval) == .max,
            let target = reader.word(timer, Layout.timerTarget),
            let deadline = reader.word(timer, Layout.timerDeadline),
            target > 0, target <= deadline, let time = Int64(exactly: target)
        else { return nil }
        let clock = flags >> Layout.timerClockShift & Layout.timerClockMask
        let now: Int64? =
            switch Layout.TimerClock(rawValue: clock) {
            case .uptime?: clocks.monotonic
            case .monotonic?: clocks.boottime
            case .wall?: clocks.realtime
            case nil: nil
            }
        guard let now else { return nil }
        let (left, overflow) = time.subtractingReportingOverflow(now)
        return overflow ? nil : left
    }
}
