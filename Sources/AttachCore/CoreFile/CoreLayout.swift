/// Where everything goes in a core file of a capture.
struct CoreLayout {
    /// What becomes a PT_LOAD segment: a stretch of one mapping.
    struct Stretch {
        var start: UInt64
        var end: UInt64
        /// `PF_R`, `PF_W`, `PF_X`.
        var flags: UInt32
        /// Runs of memory that lie in it, by place; empty for a stretch that is not in the file.
        var runs: Range<Int>
        var isStored: Bool { !runs.isEmpty }
    }

    /// By address.
    private(set) var stretches: [Stretch] = []
    /// The memory, cut where mappings begin and end.
    private(set) var runs: [TargetMemory.Segment] = []

    /// Zeroes between two runs are written out if there are at most so many: another segment
    /// costs a debugger more.
    private static let smallGap: UInt64 = 64 << 10
    /// Memory that no mapping holds any more.
    private static let unmapped: UInt32 = 6

    init(mappings: [Mapping], memory: TargetMemory) {
        var rest = memory.segments[...]
        for mapping in mappings {
            let first = runs.count
            takeRuns(from: &rest, to: mapping.start)
            addStretches(first..<runs.count, nil)
            let next = runs.count
            takeRuns(from: &rest, to: mapping.end)
            addStretches(next..<runs.count, mapping)
        }
        let first = runs.count
        takeRuns(from: &rest, to: .max)
        addStretches(first..<runs.count, nil)
    }

    /// Moves what lies below an address.
    private mutating func takeRuns(
        from rest: inout ArraySlice<TargetMemory.Segment>, to end: UInt64
    ) {
        while let run = rest.first, run.start < end {
            runs.append(run.end <= end ? run : run.slice(run.start, end))
            if run.end <= end {
                rest.removeFirst()
            } else {
                rest[rest.startIndex] = run.slice(end, run.end)
            }
        }
    }

    /// Adds the stretches of one mapping, or of runs that lie in none.
    private mutating func addStretches(_ range: Range<Int>, _ mapping: Mapping?) {
        let flags = mapping?.flags ?? Self.unmapped
        var position = mapping?.start ?? range.first.map { runs[$0].start } ?? 0
        var next = range.lowerBound
        while next < range.upperBound {
            guard !runs[next].isZero else {
                next += 1
                continue
            }
            let first = next
            var last = next
            var end = runs[first].end
            next += 1
            // On to what follows at once, or after a few zeroes.
            while next < range.upperBound, runs[next].start == end {
                end = runs[next].end
                if !runs[next].isZero {
                    last = next
                } else if end - runs[last].end > Self.smallGap {
                    break
                }
                next += 1
            }
            next = last + 1
            if mapping != nil { add(position, runs[first].start, flags, 0..<0) }
            add(runs[first].start, runs[last].end, flags, first..<last + 1)
            position = runs[last].end
        }
        if let mapping { add(position, mapping.end, flags, 0..<0) }
    }

    private mutating func add(
        _ start: UInt64, _ end: UInt64, _ flags: UInt32, _ runs: Range<Int>
    ) {
        guard start < end else { return }
        stretches.append(Stretch(start: start, end: end, flags: flags, runs: runs))
    }
}

extension Mapping {
    /// `PF_R`, `PF_W`, `PF_X`.
    fileprivate var flags: UInt32 {
        (isReadable ? 4 : 0) | (isWritable ? 2 : 0) | (isExecutable ? 1 : 0)
    }
}
