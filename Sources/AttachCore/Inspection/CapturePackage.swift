import AttachReport

/// A capture on its way from the process that takes it to the one that reads it: everything that
/// changes from look to look. The memory goes along as files; what is open of the mapped files is
/// at the other side already.
struct CapturePackage: Codable {
    /// A segment of memory, and where its bytes lie.
    struct Segment: Codable {
        var start: UInt64
        var end: UInt64
        /// Which of the arenas; nil for zeroes.
        var arena: Int?
        /// Bytes from the arena's start.
        var place: UInt64
        var isWritable: Bool
        var isCaptured: Bool
    }

    private var architecture: Architecture
    private var process: ProcessRecord
    private var record: CaptureRecord
    private var mappings: [Mapping]
    private var threads: [CapturedThread]
    private var segments: [Segment]
    /// How many bytes of each arena are in use.
    private var arenas: [Int]
    private var gaps: [Gap]
    private var clocks: ClockReadings?
    private var descriptors: [OpenDescriptor]
    private var kernelReferences: KernelReferences?
    private var auxiliaryVector: [UInt64]
    private var watch: SecondLook.Marks?

    /// The most arenas: what was read in the stop, what was constant, what stands for lost files.
    private static let mostArenas = 8

    /// Packs a capture that was taken with shared memory.
    ///
    /// - Returns: the package and the files to send along, which the capture keeps open; nil for
    ///   a capture whose memory lies elsewhere.
    static func pack(_ capture: Capture) -> (package: CapturePackage, files: [Int32])? {
        let arenas = capture.memory.owners.compactMap { $0 as? MemoryArena }
            .filter { $0.used > 0 && $0.file != nil }
        guard arenas.count <= mostArenas else { return nil }
        var segments: [Segment] = []
        segments.reserveCapacity(capture.memory.segments.count)
        for segment in capture.memory.segments {
            var packed = Segment(
                start: segment.start, end: segment.end, arena: nil, place: 0,
                isWritable: segment.isWritable, isCaptured: segment.isCaptured)
            if segment.isZero {
                segments.append(packed)
                continue
            }
            guard
                let (arena, place) = arenas.indices.lazy.compactMap({ index in
                    arenas[index].place(of: segment).map { (index, $0) }
                }).first
            else { return nil }
            (packed.arena, packed.place) = (arena, place)
            segments.append(packed)
        }
        let package = CapturePackage(
            architecture: capture.architecture, process: capture.process,
            record: capture.record, mappings: capture.mappings, threads: capture.threads,
            segments: segments, arenas: arenas.map(\.used), gaps: capture.gaps,
            clocks: capture.clocks,
            descriptors: capture.descriptors.values.sorted {
                $0.record.number < $1.record.number
            },
            kernelReferences: capture.kernelReferences,
            auxiliaryVector: capture.auxiliaryVector, watch: capture.secondLook?.marks)
        return (
            package,
            arenas.compactMap { $0.file?.descriptor } + (capture.secondLook?.descriptors ?? [])
        )
    }

    /// The capture again.
    ///
    /// - Parameters:
    ///   - first: The capture of the first look, whose open files these are, too.
    ///   - files: What was sent along.
    /// - Returns: nil where the package does not fit the files.
    func unpack(after first: Capture, files: [OpenFile]) -> Capture? {
        guard files.count >= arenas.count else { return nil }
        var owners: [MemoryArena] = []
        for (file, bytes) in zip(files, arenas) {
            guard let arena = MemoryArena(reading: file, bytes: bytes) else { return nil }
            owners.append(arena)
        }
        var memory: [TargetMemory.Segment] = []
        memory.reserveCapacity(segments.count)
        var end: UInt64 = 0
        for segment in segments {
            guard segment.start < segment.end, segment.start >= end else { return nil }
            end = segment.end
            guard let index = segment.arena else {
                memory.append(
                    TargetMemory.Segment(
                        zeroes: segment.start..<segment.end, isWritable: segment.isWritable,
                        isCaptured: segment.isCaptured))
                continue
            }
            guard owners.indices.contains(index),
                let unpacked = owners[index].segment(
                    segment.start..<segment.end, at: segment.place,
                    isWritable: segment.isWritable, isCaptured: segment.isCaptured)
            else { return nil }
            memory.append(unpacked)
        }
        var capture = first
        capture.process = process
        capture.record = record
        capture.mappings = mappings
        capture.threads = threads
        capture.memory = TargetMemory(segments: memory, owners: owners)
        capture.gaps = gaps
        capture.clocks = clocks
        capture.descriptors = descriptors.reduce(into: [:]) { $0[$1.record.number] = $1 }
        capture.kernelReferences = kernelReferences
        capture.auxiliaryVector = auxiliaryVector
        let handles = Array(files.dropFirst(arenas.count))
        capture.secondLook = watch.flatMap { SecondLook($0, handles: handles) }
        return capture
    }
}
