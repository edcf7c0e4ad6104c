import AttachReport

/// When a thread stops waiting by itself, as the arguments of its system call say.
enum Timeout: Hashable {
    /// A `timespec` with a time of this clock.
    case deadline(at: Address, clock: UInt64)
    /// A `timespec` that the kernel sets to what is left when the call is interrupted.
    case remainder(at: Address)
    /// A `timespec` with a time that began at a moment not known.
    case relative(at: Address)
    /// So many nanoseconds, which began at a moment not known.
    case within(Int64)
    /// After a time of which nothing is known.
    case elapsing

    /// Nanoseconds that were left; nil where that cannot be told.
    func left(in memory: TargetMemory, clocks: ClockReadings?) -> Int64? {
        switch self {
        case .elapsing, .relative, .within: return nil
        case .remainder(let place): return Self.nanoseconds(at: place, in: memory)
        case .deadline(let place, let clock):
            guard let now = clocks?.reading(ofClock: clock),
                let end = Self.nanoseconds(at: place, in: memory)
            else { return nil }
            let (left, overflow) = end.subtractingReportingOverflow(now)
            return overflow ? nil : max(left, 0)
        }
    }

    /// Nanoseconds that it lasts in all, where only that is known.
    func length(in memory: TargetMemory) -> Int64? {
        switch self {
        case .elapsing, .remainder, .deadline: nil
        case .relative(let place): Self.nanoseconds(at: place, in: memory)
        case .within(let nanoseconds): nanoseconds
        }
    }

    /// What a `timespec` says; times beyond 292 years count as that. nil where it is none.
    static func nanoseconds(at place: Address, in memory: TargetMemory) -> Int64? {
        guard let end = place.advanced(by: 8), let seconds = memory.load(place, as: Int64.self),
            let fraction = memory.load(end, as: Int64.self), seconds >= 0,
            (0..<1_000_000_000).contains(fraction)
        else { return nil }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = whole.addingReportingOverflow(fraction)
        return overflow || carry ? .max : sum
    }
}

extension ThreadWait {
    /// The same with what is left of a time-out.
    func limited(
        by timeout: Timeout?, in memory: TargetMemory, clocks: ClockReadings?
    ) -> ThreadWait {
        guard let timeout else { return self }
        var wait = self
        wait.timeLeft = timeout.left(in: memory, clocks: clocks)
        wait.hasUnknownTimeout = wait.timeLeft == nil
        wait.timeLimit = timeout.length(in: memory)
        return wait
    }
}
