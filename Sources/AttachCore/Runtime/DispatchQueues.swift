import AttachReport

/// Finds the queues of libdispatch in which the concurrency runtime's jobs wait.
struct DispatchQueues {
    /// The main queue; nil where it was not found.
    private(set) var main: DispatchLane?
    /// The queues of the global pool, highest priority first.
    private(set) var global: [DispatchLane] = []
    private let layout: DispatchLayout

    /// Words of the runtime's data that are looked through.
    private static let wordLimit = 4_000_000
    private static let queueLimit = 256

    /// Looks at the variables of the image that holds the runtime, which keep the global queues
    /// by their priority; in a static program the main queue lies among them.
    init(_ view: inout RuntimeView, images: ImageTable) {
        var reader = view.reader
        let layout = view.symbols.dispatchLayout(reader.memory)
        self.layout = layout
        let named = view.symbols[ExecutorWaits.mainQueue].map { DispatchLane($0.value, layout) }
        main = named.first { $0.isMainQueue(&reader) }
        var left = Self.wordLimit
        var seen: Set<UInt64> = []
        for segment in reader.memory.segments where segment.isCaptured && segment.isWritable {
            guard left > 0, holdsRuntime(segment, view.location, images) else { continue }
            let start = (segment.start &+ 7) & ~7
            guard start < segment.end else { continue }
            let count = min(Int(clamping: (segment.end &- start) / 8), left)
            left -= count
            for index in 0..<UInt64(count) {
                let place = start &+ index &* 8
                guard let word = segment.load(at: place, as: UInt64.self), word > 4096 else {
                    continue
                }
                look(at: place, word, &seen, &reader)
            }
        }
        global.reverse()
        if main == nil {
            // Jobs of the main actor say which queue they were put into.
            let queues = Set(view.tasks.lazy.map(\.queue)).prefix(64)
            main = queues.lazy.map { DispatchLane($0, layout) }.first { $0.isMainQueue(&reader) }
        }
    }

    private mutating func look(
        at place: UInt64, _ word: UInt64, _ seen: inout Set<UInt64>, _ reader: inout WordReader
    ) {
        if word & 15 == 0, global.count < Self.queueLimit {
            let lane = DispatchLane(word, layout)
            if lane.hasLabel(.globalExecutor, &reader), seen.insert(word).inserted {
                global.append(lane)
            }
        }
        if main == nil, StaticLabel.mainQueue.stands(at: word, &reader) {
            let lane = DispatchLane.holding(label: place, layout)
            if lane.isMainQueue(&reader) { main = lane }
        }
    }

    private func holdsRuntime(
        _ segment: TargetMemory.Segment, _ location: RuntimeLocation, _ images: ImageTable
    ) -> Bool {
        guard let image = images.image(containing: Address(segment.start)) else { return false }
        return image.executableRanges.contains { location.holdsCode($0.lowerBound) }
    }
}
