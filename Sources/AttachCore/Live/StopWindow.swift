import AttachReport

/// What is read while the target stands still: registers and memory, nothing else.
struct StopWindow {
    /// Registers of each stopped thread.
    private(set) var registers: [Int32: RegisterSet] = [:]
    private let architecture: Architecture
    /// Memory that was read.
    private(set) var segments: [TargetMemory.Segment] = []
    /// Memory that the kernel refused.
    private(set) var unreadable: [Range<UInt64>] = []
    /// Bytes given up for want of time or room.
    private(set) var skippedBytes: UInt64 = 0
    /// Whether it was time that lacked.
    private(set) var isOutOfTime = false
    /// Whether there is memory that the process protects and that could not be read.
    private(set) var hasHiddenMemory = false
    /// Bytes read.
    private(set) var bytes: UInt64 = 0
    /// When it happened, in nanoseconds since 1970.
    private(set) var time: Int64 = 0
    /// CLOCK_MONOTONIC and CLOCK_BOOTTIME at that moment.
    private(set) var monotonic: Int64 = 0
    private(set) var boottime: Int64 = 0
    /// How long the threads stood, in nanoseconds.
    var pause: Int64 = 0

    /// Makes room, so that nothing needs to be allocated in the window.
    init(threadCount: Int, architecture: Architecture) {
        self.architecture = architecture
        registers.reserveCapacity(threadCount + 16)
        segments.reserveCapacity(4096)
    }

    /// Copies everything.
    mutating func copy(
        from stopped: borrowing StoppedProcess, directory: borrowing ProcessDirectory,
        preparation: inout CapturePreparation, limits: CaptureLimits
    ) {
        time = Clock.realtime()
        monotonic = Clock.monotonic()
        boottime = Clock.boottime()
        var words = [UInt64](repeating: 0, count: RegisterNote.mostVectorWords + 1)
        var handle = directory.pid
        for thread in stopped.threads {
            guard case .stopped = thread.phase else { continue }
            handle = thread.id
            registers[thread.id] = stopped.registers(of: thread.id, architecture, into: &words)
            registers[thread.id]?.vectors =
                stopped.vectors(of: thread.id, architecture, into: &words)
        }
        refreshMappings(directory, thread: handle, &preparation)
        let writable = preparation.mappings.filter(\.holdsState)
        let runs = preparation.pages?.runs(in: writable) ?? writable.map(\.range)
        let deadline = limits.maximumPause.map { stopped.interruptedAt + $0 }
        // The stacks explain most: they come first, and even when it is late if they are small.
        let stacks = liveStacks(runs, writable)
        let areSmall = stacks.reduce(0) { $0 + $1.count } <= Self.smallStacks
        copy(
            stacks, handle, preparation.arena, budget: preparation.budget,
            deadline: areSmall ? nil : deadline)
        copy(
            Self.subtract(stacks, from: runs), handle, preparation.arena,
            budget: preparation.budget, deadline: deadline)
        copyProtected(of: handle, &preparation, deadline: deadline)
    }

    /// Copies what the process itself may not write, or read, at the moment: a guarded secret, say.
    /// Most such memory was never used, so nothing is read where it is not known which was.
    private mutating func copyProtected(
        of thread: Int32, _ preparation: inout CapturePreparation, deadline: Int64?
    ) {
        let mappings = preparation.mappings.filter(\.isProtected)
        guard !mappings.isEmpty else { return }
        let arena = preparation.arena
        let runs = preparation.pages?.runs(in: mappings)
        let size = runs?.reduce(0) { $0 + $1.count }
        let isLate = deadline.map { Clock.monotonic() > $0 } ?? false
        guard let runs, let size, size <= min(preparation.budget - arena.used, arena.remaining),
            size <= Self.mostProtected, !isLate
        else {
            hasHiddenMemory = true
            return
        }
        let before = arena.used
        var refused: [Range<UInt64>] = []
        arena.copy(
            runs[...], of: thread, isWritable: false, isProtected: true, into: &segments,
            unreadable: &refused)
        hasHiddenMemory = !refused.isEmpty
        bytes += UInt64(arena.used - before)
    }

    /// Bytes of such memory that are read: no more than take a hundredth of a second.
    private static let mostProtected = 64 << 20

    private mutating func refreshMappings(
        _ directory: borrowing ProcessDirectory, thread: Int32,
        _ preparation: inout CapturePreparation
    ) {
        guard let text = try? directory.contents(of: "task/\(thread)/maps"),
            text != preparation.mapsText, !text.isEmpty
        else { return }
        preparation.mapsText = text
        preparation.mappings = Mapping.parse(text)
    }

    /// Stacks of together so many bytes take no more than a few milliseconds.
    private static let smallStacks = 16 << 20

    /// Bytes to read before the next look at the clock: what a quarter of the time left is enough
    /// for, at two bytes a nanosecond, which is slow.
    private static func pieceSize(until deadline: Int64?) -> Int {
        let largest = 64 << 20
        guard let deadline else { return largest }
        return min(max(Int(clamping: (deadline - Clock.monotonic()) / 2), 256 << 10), largest)
    }

    private mutating func copy(
        _ runs: [Range<UInt64>], _ thread: Int32, _ arena: MemoryArena, budget: Int,
        deadline: Int64?
    ) {
        let before = arena.used
        var left = runs[...]
        while let first = left.first {
            // A piece at a time, to look at the clock in between.
            let room = min(budget - arena.used, arena.remaining)
            let isLate = deadline.map { Clock.monotonic() > $0 } ?? false
            guard room > 0, !isLate else {
                isOutOfTime = isLate
                break
            }
            let largest = min(room, Self.pieceSize(until: deadline))
            var piece = [first.prefix(largest)]
            var size = piece[0].count
            if size < first.count {
                left[left.startIndex] = first.lowerBound + UInt64(size)..<first.upperBound
            } else {
                left.removeFirst()
            }
            while let next = left.first, size + next.count <= largest {
                piece.append(next)
                size += next.count
                left.removeFirst()
            }
            arena.copy(
                piece[...], of: thread, isWritable: true, into: &segments,
                unreadable: &unreadable)
        }
        skippedBytes += left.reduce(0) { $0 + UInt64($1.count) }
        bytes += UInt64(arena.used - before)
    }

    /// The parts of these runs that hold the stacks in use, from a page below each stack pointer
    /// to the end of its mapping.
    private func liveStacks(_ runs: [Range<UInt64>], _ mappings: [Mapping]) -> [Range<UInt64>] {
        let pointers = registers.values.map(\.stackPointer).sorted()
        var live: [Mapping] = []
        var next = 0
        for mapping in mappings {
            while next < pointers.count, pointers[next] < mapping.start { next += 1 }
            guard next < pointers.count, pointers[next] < mapping.end else { continue }
            var part = mapping
            part.start = max(mapping.start, (pointers[next] & ~4095) &- 4096)
            live.append(part)
        }
        return ResidentPages.intersect(runs, live)
    }

    /// What is left of sorted runs without some parts of them, which are sorted, too.
    private static func subtract(
        _ taken: [Range<UInt64>], from runs: [Range<UInt64>]
    ) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        var next = 0
        for run in runs {
            var position = run.lowerBound
            while next < taken.count, taken[next].lowerBound < run.upperBound {
                if taken[next].lowerBound > position {
                    result.append(position..<taken[next].lowerBound)
                }
                position = max(position, taken[next].upperBound)
                next += 1
            }
            if position < run.upperBound { result.append(position..<run.upperBound) }
        }
        return result
    }
}
