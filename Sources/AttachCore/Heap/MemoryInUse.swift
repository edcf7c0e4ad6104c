import AttachReport

/// Memory that is in use whoever refers to it: everything that the process could read or write,
/// without the heap and the parts of stacks that are not in use.
struct MemoryInUse {
    /// The memory, by address.
    private(set) var ranges: [Range<UInt64>] = []
    private let stacks: [(range: Range<UInt64>, thread: CapturedThread)]

    init(capture: Capture, heap: some BlockMap, stacks: ThreadStacks) {
        self.stacks = stacks.live
        var excluded = heap.extents + heap.bookkeeping + stacks.dead
        excluded.sort { $0.lowerBound < $1.lowerBound }
        var next = 0
        for segment in capture.memory.segments where segment.isCaptured {
            var position = segment.start
            while next < excluded.count, excluded[next].upperBound <= position { next += 1 }
            var index = next
            while index < excluded.count, excluded[index].lowerBound < segment.end {
                if excluded[index].lowerBound > position {
                    ranges.append(position..<excluded[index].lowerBound)
                }
                position = max(position, excluded[index].upperBound)
                index += 1
            }
            if position < segment.end { ranges.append(position..<segment.end) }
        }
    }

    /// Whose stack an address lies on.
    func thread(at address: UInt64) -> CapturedThread? {
        guard let index = stacks.lastIndex(where: { $0.range.lowerBound <= address }),
            stacks[index].range.contains(address)
        else { return nil }
        return stacks[index].thread
    }

    /// Why there may be references that nobody can see; nil where there are none.
    static func hiddenBecause(_ capture: Capture) -> String? {
        for gap in capture.gaps where gap.reason == .notStopped {
            return "\(gap.subject.phrase) could not be stopped"
        }
        if capture.threads.contains(where: { $0.registers == nil }) {
            return "not every thread's registers were read"
        }
        let library = LibraryCode(capture.mappings)
        let hidesVectors = capture.threads.contains { thread in
            thread.registers?.hasVectors == false && !library.hasWaiting(thread)
        }
        if hidesVectors { return "not every thread's vector registers were read" }
        for gap in capture.gaps where gap.subject == .threads || gap.subject == .memory {
            return "not all \(gap.subject.phrase) could be captured"
        }
        var position = 0
        let segments = capture.memory.segments
        for mapping in capture.mappings where mapping.isReadable && mapping.isWritable {
            if mapping.isShared {
                return "memory that it shares (\(PathName.last(of: mapping.path))) is not captured"
            }
            // Every byte must be there.
            var address = mapping.start
            while position < segments.count, segments[position].end <= address { position += 1 }
            var index = position
            while address < mapping.end {
                guard index < segments.count, segments[index].start <= address else {
                    // A page that nobody has written to is the file's own.
                    if mapping.isFile, let next = index < segments.count ? segments[index] : nil,
                        next.start < mapping.end
                    {
                        address = next.start
                        continue
                    }
                    guard mapping.isFile else { return "not all memory could be captured" }
                    break
                }
                address = segments[index].end
                index += 1
            }
        }
        guard let kernel = capture.kernelReferences else {
            return "what the kernel holds of its addresses is not known"
        }
        return kernel.incompleteBecause
    }
}

/// Names of files.
enum PathName {
    /// The last part of a path.
    static func last(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? "anonymous"
    }
}
