/// The descriptors that glibc keeps of threads (`struct pthread`, nptl/descr.h), each at the end of
/// the stack that it made for the thread.
///
/// Where the fields lie differs between versions, and symbols that tell are often stripped. So the
/// places are found by what living threads prove, and a descriptor counts only if all of it fits:
/// whatever is not proven to be a stack of glibc's is not here.
struct ThreadDescriptors {
    /// One of them.
    struct Descriptor {
        /// Where it lies: at the thread pointer.
        var address: UInt64
        /// The position of its thread; nil once that has ended.
        var thread: Int?
        /// What the thread could use of its stack: without guard pages, up to the descriptor.
        var stack: Range<UInt64>
    }

    /// In no order; none of the first thread, whose stack the kernel made.
    private(set) var all: [Descriptor] = []

    /// More than any version's descriptor has.
    private static let room: UInt64 = 0xa00
    /// `tcbhead_t` begins with its own address, and has it again at +16 (x86_64, nptl/tls.h).
    private static let selfOffset: UInt64 = 16
    private static let tidOffsets = stride(from: UInt64(0x40), to: 0x400, by: 4)
    private static let pageMask: UInt64 = 4095
    private static let largestStack: UInt64 = 1 << 40
    /// Descriptors, and what alignment and colouring put behind them.
    private static let mostBehind: UInt64 = 1 << 16
    private static let mostEnded = 65_536

    init(capture: Capture, memory: TargetMemory, heap: HeapMap) {
        var reader = WordReader(memory)
        var living: [(thread: Int, pointer: UInt64)] = []
        for (index, thread) in capture.threads.enumerated() {
            if let pointer = thread.registers?.threadPointer, pointer & 7 == 0,
                pointer > Self.largestStack >> 16
            {
                living.append((index, pointer))
            }
        }
        let pointers = Set(living.map(\.pointer))
        guard pointers.count == living.count else { return }
        let ended = Self.ended(capture, memory, heap, except: pointers, &reader)
        let all = living.map(\.pointer) + ended
        guard let offset = Self.stackOffset(all, capture.architecture, &reader) else { return }
        for (thread, pointer) in living {
            guard let stack = Self.stack(pointer, offset, &reader) else { continue }
            self.all.append(Descriptor(address: pointer, thread: thread, stack: stack))
        }
        let used = capture.threads.compactMap { $0.registers?.stackPointer }.sorted()
        let plain = capture.mappings.filter { $0.holdsState && !$0.isFile }
        let starts = plain.map(\.start)
        for pointer in ended {
            guard let stack = Self.stack(pointer, offset, &reader),
                Self.isWhole(stack, plain, starts), !Self.isAny(of: used, in: stack)
            else { continue }
            self.all.append(Descriptor(address: pointer, thread: nil, stack: stack))
        }
    }

    // MARK: Threads that have ended

    /// Descriptors whose thread has ended: the kernel clears the id then (set_tid_address(2)), and
    /// nothing clears the rest, since glibc keeps the stack for the next thread.
    private static func ended(
        _ capture: Capture, _ memory: TargetMemory, _ heap: HeapMap, except living: Set<UInt64>,
        _ reader: inout WordReader
    ) -> [UInt64] {
        guard capture.architecture == .x86_64 else { return [] }
        let offsets = tidOffsets(capture, &reader)
        guard !offsets.isEmpty else { return [] }
        var found: [UInt64] = []
        for segment in memory.segments
        where segment.isCaptured && segment.isWritable && heap.region(at: segment.start) == nil {
            Self.eachSelfReference(in: segment) { place in
                guard !living.contains(place), reader.word(place, selfOffset) == place,
                    offsets.allSatisfy({ reader.half(place &+ $0) == 0 })
                else { return true }
                found.append(place)
                return found.count < mostEnded
            }
        }
        return found
    }

    /// Where a descriptor may have the id of its thread: where all those of living threads do.
    private static func tidOffsets(_ capture: Capture, _ reader: inout WordReader) -> [UInt64] {
        var offsets = Array(tidOffsets)
        var count = 0
        for thread in capture.threads {
            guard let pointer = thread.registers?.threadPointer,
                reader.word(pointer) == pointer, reader.word(pointer, selfOffset) == pointer
            else { continue }
            let id = UInt32(bitPattern: thread.namespaceID ?? thread.id)
            offsets.removeAll { reader.half(pointer &+ $0) != id }
            count += 1
        }
        return count > 0 ? offsets : []
    }

    /// Calls `body` with each address that holds itself, at the multiples of 64 where descriptors
    /// lie (`TCB_ALIGNMENT`), until it says false.
    private static func eachSelfReference(
        in segment: TargetMemory.Segment, _ body: (UInt64) -> Bool
    ) {
        guard !segment.isZero else { return }
        var address = segment.start &+ (64 &- segment.start & 63) & 63
        while let word: UInt64 = segment.load(at: address) {
            if word == address, !body(address) { return }
            address &+= 64
        }
    }

    // MARK: Their stacks

    /// From the thread pointer to `stackblock`, which `stackblock_size` and `guardsize` follow: the
    /// place where they make sense for most.
    private static func stackOffset(
        _ pointers: [UInt64], _ architecture: Architecture, _ reader: inout WordReader
    ) -> UInt64? {
        var votes: [UInt64: Int] = [:]
        for pointer in pointers {
            for step in stride(from: 0, to: room, by: 8) {
                // On aarch64 the descriptor ends where the thread pointer points.
                let offset = architecture == .aarch64 ? 0 &- room &+ step : step
                if stack(pointer, offset, &reader) != nil { votes[offset, default: 0] += 1 }
            }
        }
        guard let most = votes.values.max() else { return nil }
        let best = votes.filter { $0.value == most }
        return best.count == 1 ? best.first?.key : nil
    }

    /// The stack that a descriptor tells of; nil where what it says makes no sense, and where there
    /// are no guard pages, as below a stack that the program made itself.
    private static func stack(
        _ pointer: UInt64, _ offset: UInt64, _ reader: inout WordReader
    ) -> Range<UInt64>? {
        guard let block = reader.word(pointer &+ offset),
            let size = reader.word(pointer &+ offset &+ 8),
            let guards = reader.word(pointer &+ offset &+ 16),
            (block | size | guards) & pageMask == 0, block > 0, block < pointer,
            guards > 0, guards < size, size <= largestStack,
            pointer &- block < size, size &- (pointer &- block) <= mostBehind,
            block &+ guards < pointer
        else { return nil }
        return block &+ guards..<pointer
    }

    /// Whether all of it lies in these mappings.
    private static func isWhole(
        _ range: Range<UInt64>, _ mappings: [Mapping], _ starts: [UInt64]
    ) -> Bool {
        var position = range.lowerBound
        var index = starts.partitioningIndex { $0 > position }
        while position < range.upperBound {
            // The one before begins at or below.
            guard index > 0, position < mappings[index - 1].end,
                mappings[index - 1].start <= position
            else { return false }
            position = mappings[index - 1].end
            index += 1
            guard index <= mappings.count else { return position >= range.upperBound }
        }
        return true
    }

    private static func isAny(of sorted: [UInt64], in range: Range<UInt64>) -> Bool {
        let index = sorted.partitioningIndex { $0 >= range.lowerBound }
        return index < sorted.count && sorted[index] < range.upperBound
    }
}
