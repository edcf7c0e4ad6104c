import AttachReport

@testable import AttachCore

/// A capture whose memory can be changed, and what the rooms below make of it then. One test at a
/// time may use it.
@safe final class ChangeableCapture: @unchecked Sendable {
    private let capture: Capture
    private let images: ImageTable
    private let symbols: RuntimeSymbols
    private let locations: [RuntimeLocation]
    private let stacks: [Int32: NativeStack]
    private let names: FrameNames
    private let copies: [Copy]
    /// Where something lies that is worth changing: tasks, groups, actors, stacks.
    let places: [UInt64]

    init(_ original: Capture) {
        var copies: [Copy] = []
        let segments = original.memory.segments.map { segment in
            guard segment.isWritable,
                let copy = segment.withBytes({ Copy(of: $0, at: segment.start) })
            else { return segment }
            copies.append(copy)
            return unsafe TargetMemory.Segment(
                start: segment.start, end: segment.end,
                base: UnsafeRawPointer(copy.bytes.baseAddress), isWritable: true,
                isCaptured: segment.isCaptured)
        }
        self.copies = copies
        var capture = original
        capture.memory = TargetMemory(segments: segments, owners: [Keeper(original.memory)])
        self.capture = capture
        images = ImageTable(capture: capture)
        let target = Target(capture, images: images)
        var unwinder = Unwinder(target)
        var stacks: [Int32: NativeStack] = [:]
        for thread in capture.threads {
            stacks[thread.id] = thread.registers.map { unwinder.unwind($0) }
        }
        self.stacks = stacks
        symbols = RuntimeSymbols(images)
        var reader = WordReader(target.memory)
        locations = RuntimeLocator(images: images, symbols: symbols, code: CodeRanges(images))
            .locate(&reader)
        var symbolizer = Symbolizer(images: images, readsLines: false)
        let addresses = Set(stacks.values.flatMap { $0.frames.map(\.address) })
        names = FrameNames(symbolizer.frames(for: addresses), gaps: [])
        var runtime = RuntimeReader(target, stacks: stacks)
        let state = runtime.read(locations, symbols)
        places =
            state.tasks.map(\.record.address.value) + state.groups.map(\.address.value)
            + state.helpers.map(\.address)
            + state.actors.compactMap { actor in
                if case .actor(let address) = actor.subject { address.value } else { nil }
            } + capture.threads.compactMap { $0.registers?.stackPointer }
    }

    /// A writable segment, copied.
    @safe private final class Copy {
        let start: UInt64
        let bytes: UnsafeMutableRawBufferPointer

        init(of other: Span<UInt8>, at start: UInt64) {
            self.start = start
            unsafe bytes = .allocate(byteCount: other.count, alignment: 16)
            unsafe other.withUnsafeBytes { unsafe bytes.copyMemory(from: $0) }
        }

        deinit { unsafe bytes.deallocate() }
    }

    private final class Keeper {
        let memory: TargetMemory
        init(_ memory: TargetMemory) { self.memory = memory }
    }

    /// A word that can be changed; nil where there is none.
    func word(at address: UInt64) -> UInt64? {
        unsafe pointer(to: address).map { unsafe $0.loadUnaligned(as: UInt64.self) }
    }

    /// Changes a word that `word(at:)` finds.
    func store(_ word: UInt64, at address: UInt64) {
        unsafe pointer(to: address)?.storeBytes(of: word, as: UInt64.self)
    }

    private func pointer(to address: UInt64) -> UnsafeMutableRawPointer? {
        for copy in copies where address >= copy.start {
            let offset = address - copy.start
            guard unsafe offset &+ 8 <= UInt64(copy.bytes.count) else { continue }
            return unsafe copy.bytes.baseAddress.map { unsafe $0 + Int(offset) }
        }
        return nil
    }

    /// What is understood of tasks, actors, continuations and the waits of threads.
    ///
    /// - Parameter missing: memory that could not be captured.
    func look(without missing: Range<UInt64>? = nil) -> RuntimeState {
        var capture = capture
        if let missing {
            let parts = capture.memory.segments.flatMap { segment in
                [
                    (segment.start, min(segment.end, missing.lowerBound)),
                    (max(segment.start, missing.upperBound), segment.end),
                ].compactMap { $0 < $1 ? segment.slice($0, $1) : nil }
            }
            capture.memory = TargetMemory(segments: parts, owners: [Keeper(capture.memory)])
        }
        let target = Target(capture, images: images)
        var reader = RuntimeReader(target, stacks: stacks)
        var state = reader.read(locations, symbols)
        ContinuationReader(target, stacks: stacks).read(into: &state, limit: 1 << 30)
        let waits = ThreadWaitReader(target)
        for thread in capture.threads {
            let frames = stacks[thread.id].map { names.frames(of: $0) } ?? []
            _ = waits.read(thread, frames: frames, runsTask: false)
        }
        return state
    }
}
