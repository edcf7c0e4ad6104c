import AttachReport

/// Memory that is in use whoever refers to it: everything that the process could read or write,
/// without the heap and the parts of stacks that are not in use.
struct MemoryInUse {
    /// The memory, by address.
    private(set) var ranges: [Range<UInt64>] = []
    private var stacks: [(range: Range<UInt64>, thread: CapturedThread)] = []

    /// The psABI lets a function use so many bytes below its stack pointer.
    private static let redZone: UInt64 = 128

    init(capture: Capture, heap: GlibcHeap) {
        let blocks = heap.map.regions.map {
            $0.start &- GlibcHeap.header..<$0.end &- GlibcHeap.header
        }
        var excluded = blocks + heap.bookkeeping + deadStacks(capture)
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

    /// What lies below the stack pointers. Only of stacks that are surely nothing else: that of
    /// the first thread, and those that the library of threads made, which puts a guard below the
    /// stack and the thread's own block on top.
    private mutating func deadStacks(_ capture: Capture) -> [Range<UInt64>] {
        var byStart: [Int: [CapturedThread]] = [:]
        let mappings = capture.mappings
        let ends = mappings.map(\.end)
        for thread in capture.threads {
            guard let registers = thread.registers, registers.stackPointer < .max else { continue }
            let index = ends.firstIndex(notBelow: registers.stackPointer + 1)
            guard index < mappings.count, mappings[index].start <= registers.stackPointer else {
                continue
            }
            byStart[index, default: []].append(thread)
        }
        var dead: [Range<UInt64>] = []
        for (index, threads) in byStart {
            guard threads.count == 1, let registers = threads[0].registers else { continue }
            let mapping = mappings[index]
            let pointer = registers.stackPointer
            stacks.append((pointer..<mapping.end, threads[0]))
            guard mapping.path == "[stack]" || isOfThread(index, registers, mappings) else {
                continue
            }
            let end = isInLibraryWait(threads[0], mappings) ? pointer : pointer &- Self.redZone
            if end > mapping.start, end <= pointer { dead.append(mapping.start..<end) }
        }
        stacks.sort { $0.range.lowerBound < $1.range.lowerBound }
        return dead
    }

    /// Whether a thread waits for a futex (202; asm/unistd_64.h) in the C library. That keeps
    /// nothing of its caller's below its stack pointer, where so much else was before: threads of
    /// the pool that have nothing to do wait like this.
    private func isInLibraryWait(_ thread: CapturedThread, _ mappings: [Mapping]) -> Bool {
        guard thread.systemCall?.name == "futex", let registers = thread.registers,
            let code = mappings.last(where: { $0.start <= registers.programCounter }),
            registers.programCounter < code.end
        else { return false }
        let name = PathName.last(of: code.path)
        return ["libc.so.6", "libc-2.", "libpthread-2."].contains { name.hasPrefix($0) }
    }

    private func isOfThread(
        _ index: Int, _ registers: RegisterSet, _ mappings: [Mapping]
    ) -> Bool {
        guard index > 0, let block = registers.threadPointer else { return false }
        let mapping = mappings[index]
        let guardPages = mappings[index - 1]
        return guardPages.end == mapping.start && !guardPages.isReadable && !guardPages.isWritable
            && !mapping.isFile && !mapping.isShared
            && block > registers.stackPointer && block < mapping.end
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
            return "\(gap.what) could not be stopped"
        }
        if capture.threads.contains(where: { $0.registers == nil }) {
            return "not every thread's registers were read"
        }
        for gap in capture.gaps where gap.what == "threads" || gap.what == "memory" {
            return "not all \(gap.what) could be captured"
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
