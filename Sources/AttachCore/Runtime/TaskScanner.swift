import CSearch

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
        let skip = (8 &- segment.start & 7) & 7
        guard let bytes = unsafe segment.bytes, bytes.count >= Int(skip) + 8 else { return }
        let aligned = unsafe UnsafeRawBufferPointer(rebasing: bytes[Int(skip)...])
        // Whoever made the segment may have put its bytes anywhere: word loads need alignment.
        guard let base = aligned.baseAddress, Int(bitPattern: base) & 7 == 0 else {
            return unsafe eachUnaligned(value, in: aligned, from: segment.start &+ skip, body)
        }
        let words = unsafe aligned.bindMemory(to: UInt64.self)
        var hits = [Int](repeating: 0, count: 1024)
        var from = 0
        while from < words.count {
            guard let start = words.baseAddress else { return }
            let found = unsafe cs_find_word(
                start + from, words.count - from, value, &hits, hits.count)
            for index in hits[..<found] {
                let address = segment.start &+ skip &+ UInt64(from + index) &* 8
                guard body(address) else { return }
            }
            guard found == hits.count else { return }
            from += hits[found - 1] + 1
        }
    }

    private static func eachUnaligned(
        _ value: UInt64, in bytes: UnsafeRawBufferPointer, from start: UInt64,
        _ body: (UInt64) -> Bool
    ) {
        for offset in stride(from: 0, through: bytes.count - 8, by: 8)
        where unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == value {
            guard body(start &+ UInt64(offset)) else { return }
        }
    }
}
