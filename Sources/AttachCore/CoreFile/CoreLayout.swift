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

    /// Zeroes between two runs are written out if there are at most so many: another segment
    /// costs a debugger more.
    private static let smallGap: UInt64 = 64 << 10

    init(mappings: [Mapping], runs: [TargetMemory.Segment]) {
        var next = 0
        for mapping in mappings {
            let flags: UInt32 =
                (mapping.isReadable ? 4 : 0) | (mapping.isWritable ? 2 : 0)
                | (mapping.isExecutable ? 1 : 0)
            var position = mapping.start
            while next < runs.count, runs[next].start < mapping.start { next += 1 }
            while next < runs.count, runs[next].start < mapping.end,
                runs[next].end <= mapping.end
            {
                guard unsafe runs[next].base != nil else {
                    next += 1
                    continue
                }
                let first = next
                var last = next
                next += 1
                // On to what follows at once, over a few pages of zeroes.
                while next < runs.count, runs[next].end <= mapping.end,
                    runs[next].start - runs[last].end <= Self.smallGap,
                    unsafe runs[next].base != nil
                        || runs[next].end - runs[last].end <= Self.smallGap
                {
                    if unsafe runs[next].base != nil {
                        guard isZero(runs, between: last, and: next) else { break }
                        last = next
                    }
                    next += 1
                }
                next = last + 1
                add(position, runs[first].start, flags, 0..<0)
                add(runs[first].start, runs[last].end, flags, first..<last + 1)
                position = runs[last].end
            }
            add(position, mapping.end, flags, 0..<0)
        }
    }

    /// Whether everything between two runs is known to be zero.
    private func isZero(
        _ runs: [TargetMemory.Segment], between first: Int, and last: Int
    ) -> Bool {
        var position = runs[first].end
        for run in runs[(first + 1)..<last] {
            guard run.start == position else { return false }
            position = run.end
        }
        return position == runs[last].start
    }

    private mutating func add(
        _ start: UInt64, _ end: UInt64, _ flags: UInt32, _ runs: Range<Int>
    ) {
        guard start < end else { return }
        stretches.append(Stretch(start: start, end: end, flags: flags, runs: runs))
    }
}
