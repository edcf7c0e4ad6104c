import AttachReport

/// Says of each task that waits in a continuation who could still resume it.
struct ContinuationReader {
    private let capture: Capture
    private let memory: TargetMemory
    private let images: ImageTable
    private let stacks: [Int32: NativeStack]

    init(_ target: Target, stacks: [Int32: NativeStack]) {
        capture = target.capture
        memory = target.memory
        images = target.images
        self.stacks = stacks
    }

    /// Fills in what there is to say, and when those that sleep will wake. Takes time only where
    /// a task waits in a continuation.
    ///
    /// - Parameter limit: bytes of captured memory beyond which nothing is searched.
    func read(into runtime: inout RuntimeState, limit: UInt64) {
        let candidates = runtime.tasks.indices.filter {
            ContinuationSearch.isCandidate(runtime.tasks[$0].record)
        }
        let sleeps = runtime.helpers.contains { $0.sleeper != nil }
        guard sleeps || !candidates.isEmpty else { return }
        let bytes = capture.memory.segments.reduce(UInt64(0)) {
            $1.isCaptured ? $0 &+ ($1.end &- $1.start) : $0
        }
        guard bytes <= limit else {
            return say("there is more memory than is searched", of: candidates, in: &runtime)
        }
        let heap = Allocators.blocks(capture.mappings, memory)
        if sleeps { readDeadlines(into: &runtime, heap.map) }
        if !candidates.isEmpty { read(candidates, into: &runtime, heap) }
    }

    private func say(_ reason: String, of candidates: [Int], in runtime: inout RuntimeState) {
        for index in candidates {
            runtime.tasks[index].record.continuation = ContinuationRecord(reach: .unknown(reason))
        }
    }

    private func readDeadlines(into runtime: inout RuntimeState, _ map: HeapMap) {
        guard let clocks = capture.clocks else { return }
        let deadlines = SleepDeadlines(
            runtime.helpers, map: map, clocks: clocks, reader: WordReader(memory)
        ).wakesIn
        for index in runtime.tasks.indices where runtime.tasks[index].record.wait == .sleep {
            let address = runtime.tasks[index].record.address.value
            runtime.tasks[index].record.wakesIn = deadlines[address]
        }
    }

    private func read(
        _ candidates: [Int], into runtime: inout RuntimeState, _ heap: some BlockMap
    ) {
        let other = images.images.first { image in
            Allocators.unknown.contains { image.record.name.hasPrefix($0) }
        }
        guard
            let search = ContinuationSearch(
                capture: capture, memory: memory, runtime: runtime, heap: heap,
                stacks: ThreadStacks(
                    capture: capture, memory: memory, images: images, heap: heap.map,
                    frames: stacks))
        else {
            return say("the tasks are not known well enough", of: candidates, in: &runtime)
        }
        let hidden =
            MemoryInUse.hiddenBecause(capture)
            ?? other.map { "memory comes from \($0.record.name), which is not known here" }
        fill(in: &runtime, candidates, search, heap.map, hidden: hidden)
    }

    private func fill(
        in runtime: inout RuntimeState, _ candidates: [Int], _ search: ContinuationSearch,
        _ map: HeapMap, hidden: String?
    ) {
        var reader = search.reader
        var holders = HolderReader(
            architecture: capture.architecture, reader: reader, map: map, inUse: search.inUse,
            images: images,
            mappings: capture.mappings, tasks: runtime.tasks)
        for (id, slabs) in search.slabs { holders.add(slabs: slabs, ofTask: id) }
        for index in candidates {
            guard let finding = search.findings[index] else { continue }
            var record = ContinuationRecord(isChecked: nil, creator: nil, reach: nil)
            if let canary = finding.canary {
                record.isChecked = true
                record.creator = SwiftString.read(canary &+ LibraryLayout.canaryFunction, &reader)
            } else if finding.unknownBecause == nil, finding.count > 0 {
                // A checked one that was dropped has lost its mark, too.
                record.isChecked = false
            }
            let handles = runtime.tasks[index].record.handles ?? 0
            if let reason = finding.unknownBecause ?? (finding.count == 0 ? hidden : nil) {
                record.reach = .unknown(reason)
            } else if finding.count == 0 {
                record.reach = .nowhere(bytesSearched: search.bytesSearched)
            } else if finding.canaryPlaces.isEmpty, finding.count <= handles {
                record.reach = .unknown("what refers to it may all be handles of the task")
            } else {
                // Who refers to the object of a checked continuation says more than that object.
                let places =
                    finding.canaryPlaces
                    + finding.places.filter { place in
                        finding.canaryPlaces.isEmpty || place.block != finding.canary
                    }
                record.reach = .held(by: holders.holders(at: places))
            }
            runtime.tasks[index].record.continuation = record
        }
    }
}
