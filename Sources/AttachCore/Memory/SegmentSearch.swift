import CSearch

extension TargetMemory.Segment {
    /// The most words that are looked at in one piece where they have to be copied.
    private static let wordsAtOnce = 8192

    /// Calls `body` with the words of the segment from its first multiple of `alignment` on, a
    /// power of two from 8, and with the address of the first. That is once, or where our bytes
    /// do not lie at a multiple of eight, as in a core file, once for each piece of a copy; pieces
    /// begin at multiples of `alignment` up to 64 KiB. It ends when `body` says false.
    func forEachWords(
        alignedTo alignment: UInt64, _ body: (_ words: Span<UInt64>, _ start: UInt64) -> Bool
    ) {
        let skip = (alignment &- start & (alignment - 1)) & (alignment - 1)
        withBytes { bytes in
            guard bytes.count >= Int(skip) + 8 else { return }
            unsafe bytes.withUnsafeBufferPointer { buffer in
                let aligned = unsafe UnsafeRawBufferPointer(
                    rebasing: UnsafeRawBufferPointer(buffer)[Int(skip)...])
                guard let base = aligned.baseAddress else { return }
                if Int(bitPattern: base) & 7 == 0 {
                    let words = unsafe aligned.bindMemory(to: UInt64.self)
                    _ = unsafe body(words.span, start &+ skip)
                    return
                }
                var words = [UInt64](repeating: 0, count: Self.wordsAtOnce)
                for from in stride(from: 0, to: aligned.count & ~7, by: Self.wordsAtOnce * 8) {
                    let count = min(Self.wordsAtOnce * 8, aligned.count & ~7 - from)
                    unsafe words.withUnsafeMutableBytes { copy in
                        unsafe copy.copyMemory(
                            from: UnsafeRawBufferPointer(rebasing: aligned[from..<from + count]))
                    }
                    let piece = words.span.extracting(0..<count / 8)
                    guard body(piece, start &+ skip &+ UInt64(from)) else { return }
                }
            }
        }
    }

    /// Writes into `hits` the places, as offsets from the segment's start, between two offsets
    /// that may hold a pointer into one of the blocks (ReferenceSearch.h). Returns how many; all
    /// of `hits` means that there may be more behind the last.
    ///
    /// - Parameter isPacked: Whether to look where only packed structures hold pointers.
    func references(
        to blocks: [UInt64], from: Int, upTo end: Int, isPacked: Bool = false,
        into hits: inout [Int]
    ) -> Int {
        withBytes { bytes in
            let end = min(end, bytes.count)
            return unsafe bytes.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress, from >= 0, blocks.count >= CS_BLOCK_WORDS
                else { return 0 }
                let find = unsafe isPacked ? cs_find_packed_references : cs_find_references
                return unsafe find(base, from, end, blocks, &hits, hits.count)
            }
        } ?? 0
    }
}

extension Span<UInt64> {
    /// Writes into `hits` the indices from `start` on of the words that equal `value`. Returns how
    /// many; all of `hits` means that there may be more behind the last.
    func find(_ value: UInt64, from start: Int, into hits: inout [Int]) -> Int {
        unsafe withUnsafeBufferPointer { words in
            guard let base = words.baseAddress, start >= 0, start < words.count else { return 0 }
            return unsafe cs_find_word(
                base + start, words.count - start, value, &hits, hits.count)
        }
    }

    /// The same for words that may begin a Swift object (ObjectSearch.h); the indices are those
    /// behind `start`, which is even.
    func findObjects(
        from start: Int, wanted: UInt64, rejected: [UInt64], counts: cs_reference_counts,
        into hits: inout [Int]
    ) -> Int {
        unsafe withUnsafeBufferPointer { words in
            guard let base = words.baseAddress, start >= 0, start < words.count,
                rejected.count >= CS_OBJECT_SLOTS
            else { return 0 }
            return unsafe cs_find_objects(
                base + start, words.count - start, wanted, rejected, counts, &hits, hits.count)
        }
    }
}

/// Where a word stands in the table of rejected classes (ObjectSearch.h).
enum ObjectSlot {
    /// How many there are.
    static let count = Int(CS_OBJECT_SLOTS)

    /// The slot of a word.
    static func index(of word: UInt64) -> Int { cs_object_slot(word) }
}

/// The table of the blocks of 64 MiB that may be pointed to (ReferenceSearch.h).
enum BlockTable {
    /// Its words.
    static let words = Int(CS_BLOCK_WORDS)
}
