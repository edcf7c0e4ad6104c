/// Finds every place in the captured memory that may be a task.
struct TaskScanner {
    /// What the search found.
    struct Result {
        /// Addresses of what looks like a job of the right class, in order.
        var candidates: [UInt64] = []
        /// Places with the right first word and nothing like a task behind it.
        var rejected = 0
        /// Bytes that were searched.
        var bytesSearched: UInt64 = 0
        /// Whether there were more candidates than we take.
        var isCut = false
    }

    /// The most tasks that are taken, so that memory made of nothing but tasks ends somewhere.
    static let limit = 8_000_000

    /// Searches all memory that the target could write for objects of class `isa`.
    static func scan(
        _ memory: TargetMemory, isa: UInt64,
        where matches: (_ address: UInt64) -> Bool
    ) -> Result {
        var result = Result()
        for segment in memory.segments where segment.isCaptured && segment.isWritable {
            guard result.candidates.count < limit else {
                result.isCut = true
                break
            }
            result.bytesSearched += segment.end - segment.start
            scan(segment, isa: isa, into: &result, where: matches)
        }
        return result
    }

    private static func scan(
        _ segment: TargetMemory.Segment, isa: UInt64, into result: inout Result,
        where matches: (_ address: UInt64) -> Bool
    ) {
        WordSearch.each(isa, in: segment) { address in
            if matches(address) {
                result.candidates.append(address)
            } else {
                result.rejected += 1
            }
            return result.candidates.count < limit
        }
    }
}

/// Searches segments for a word.
enum WordSearch {
    /// Calls `body` with the address of each aligned word equal to `value`, until it says false.
    static func each(
        _ value: UInt64, in segment: TargetMemory.Segment, _ body: (UInt64) -> Bool
    ) {
        var hits = [Int](repeating: 0, count: 1024)
        segment.forEachWords(alignedTo: 8) { words, start in
            var from = 0
            while from < words.count {
                let found = words.find(value, from: from, into: &hits)
                for index in hits[..<found] {
                    guard body(start &+ UInt64(from + index) &* 8) else { return false }
                }
                guard found == hits.count else { return true }
                from += hits[found - 1] + 1
            }
            return true
        }
    }
}
