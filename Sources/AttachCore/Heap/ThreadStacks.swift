import AttachReport

/// Which parts of stacks are in use.
///
/// What lies below a stack pointer is not, but only where that is proven: on a stack that glibc or
/// the kernel made for the thread, which the thread is on, and all of whose frames were followed.
/// A program may switch to a stack that lies within another one (coroutines, handlers of signals);
/// then frames of the outer one lie below the stack pointer and are in use.
struct ThreadStacks {
    /// What is not in use, in no order.
    private(set) var dead: [Range<UInt64>] = []
    /// Which thread is on which memory, by address.
    private(set) var live: [(range: Range<UInt64>, thread: CapturedThread)] = []

    /// The psABI lets a function use so many bytes below its stack pointer.
    private static let redZone: UInt64 = 128
    /// More than this above the outermost frame is not looked through.
    private static let mostAbove: UInt64 = 4 << 20

    private let capture: Capture
    private let images: ImageTable
    private let memory: TargetMemory
    private let library: LibraryCode

    init(
        capture: Capture, memory: TargetMemory, images: ImageTable, heap: HeapMap,
        frames: [Int32: NativeStack]
    ) {
        self.capture = capture
        self.images = images
        self.memory = memory
        library = LibraryCode(capture.mappings)
        let descriptors = ThreadDescriptors(capture: capture, memory: memory, heap: heap).all
        var made: [Int: Range<UInt64>] = [:]
        for descriptor in descriptors {
            if let thread = descriptor.thread {
                made[thread] = descriptor.stack
            } else {
                dead.append(descriptor.stack)
            }
        }
        let initial = initialStack
        for (index, thread) in capture.threads.enumerated() {
            guard let pointer = thread.registers?.stackPointer else { continue }
            let stack = [made[index], initial].compactMap(\.self).first { $0.contains(pointer) }
            guard let stack else {
                let mapping = capture.mappings.last { $0.start <= pointer }
                if let mapping, pointer < mapping.end {
                    live.append((pointer..<mapping.end, thread))
                }
                continue
            }
            live.append((pointer..<stack.upperBound, thread))
            if let end = end(ofUnused: stack, thread, frames[thread.id]), end > stack.lowerBound {
                dead.append(stack.lowerBound..<end)
            }
        }
        live.sort { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// The stack that the kernel made; nil where no thread, or more than one, is on it.
    private var initialStack: Range<UInt64>? {
        guard let mapping = capture.mappings.last(where: { $0.path == "[stack]" }) else {
            return nil
        }
        let pointers = capture.threads.compactMap { $0.registers?.stackPointer }
        let count = pointers.count { mapping.range.contains($0) }
        return count == 1 ? mapping.range : nil
    }

    /// Up to where a stack is not in use; nil where that is not known.
    private func end(
        ofUnused stack: Range<UInt64>, _ thread: CapturedThread, _ frames: NativeStack?
    ) -> UInt64? {
        guard let registers = thread.registers, let frames, frames.stoppedBecause == nil,
            frames.uncertainBecause == nil, frames.omitted == nil,
            let outermost = frames.frames.last?.canonicalFrameAddress.value,
            stack.contains(outermost) || outermost == stack.upperBound,
            !hasFrames(outermost..<stack.upperBound, registers)
        else { return nil }
        let pointer = registers.stackPointer
        let lowest =
            frames.frames.lazy.map(\.canonicalFrameAddress.value)
            .filter { stack.contains($0) }.min() ?? pointer
        // What a signal interrupted may use what lies below its stack pointer as well.
        let end = min(pointer, lowest)
        return end == pointer && isInLibraryWait(thread) ? end : end &- Self.redZone
    }

    /// Whether calls return to something above the outermost frame: then there are more frames.
    private func hasFrames(_ range: Range<UInt64>, _ registers: RegisterSet) -> Bool {
        guard range.upperBound &- range.lowerBound <= Self.mostAbove else { return true }
        var reader = WordReader(memory)
        let marks = registers.signatureBits ?? 0
        var place = range.lowerBound & ~7
        while place < range.upperBound {
            // What was never written to is not there.
            if let word = reader.word(place).map({ $0 & ~marks }), word > 4096,
                images.isExecutable(Address(word &- 1)),
                CallSite.isReturnAddress(
                    word, memory: memory, architecture: capture.architecture)
            {
                return true
            }
            place &+= 8
        }
        return false
    }

    /// Whether a thread waits for a futex in the C library. That keeps nothing of its caller's below
    /// its stack pointer, where so much else was before: threads of the pool that have nothing to do
    /// wait like this.
    private func isInLibraryWait(_ thread: CapturedThread) -> Bool {
        thread.systemCall?.name == "futex" && library.holds(thread)
    }
}

/// The C library's code.
struct LibraryCode {
    private let ranges: [Range<UInt64>]

    /// - Parameter mappings: of the whole process.
    init(_ mappings: [Mapping]) {
        ranges = mappings.filter { mapping in
            let name = PathName.last(of: mapping.path)
            return mapping.isExecutable
                && ["libc.so.6", "libc-2.", "libpthread-2."].contains { name.hasPrefix($0) }
        }.map(\.range)
    }

    /// Whether a thread is in it.
    func holds(_ thread: CapturedThread) -> Bool {
        guard let counter = thread.registers?.programCounter else { return false }
        return ranges.contains { $0.contains(counter) }
    }

    /// Whether a thread is in a system call that it made there: whoever called the C library keeps
    /// nothing in vector registers meanwhile, which belong to the called function (System V psABI,
    /// 3.2.3; AAPCS64, 6.1.2, has eight of them keep their lower halves).
    func hasWaiting(_ thread: CapturedThread) -> Bool {
        thread.registers?.architecture == .x86_64 && thread.systemCall != nil && holds(thread)
    }
}
