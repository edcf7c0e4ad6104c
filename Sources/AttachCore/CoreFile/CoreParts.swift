import AttachReport

/// What was read of a core file, to be put together.
struct CoreParts {
    let architecture: Architecture
    let process: CoreProcess
    let threads: CoreThreads
    let space: CoreMappings
    let gaps: [Gap]
    /// When the file was last written to, in nanoseconds since 1970.
    let time: Int64
    /// The whole file.
    let bytes: ImageBytes

    /// A capture of what every core file says.
    func capture(_ options: CoreFileOptions) throws(CoreFileError) -> Capture {
        var mappings = space.mappings
        name(&mappings)
        let memory = TargetMemory(segments: space.segments, owners: [bytes])
        let program = program(among: mappings)
        let modules = try CoreModules(
            mappings: mappings, memory: memory, executable: program?.identity, originals: nil,
            options: options)
        for index in space.unknownAccess {
            guard let ranges = modules.code[mappings[index].identity] else { continue }
            let offset = mappings[index].fileOffset
            mappings[index].isExecutable = ranges.contains { $0.contains(offset) }
        }
        let pid = process.pid ?? threads.threads.first?.id ?? 0
        return Capture(
            architecture: architecture,
            process: ProcessRecord(
                pid: pid, name: process.name, executable: program?.path,
                arguments: process.arguments(in: memory)),
            record: CaptureRecord(
                timeNanoseconds: time, pauseNanoseconds: 0, bytes: space.bytes, source: .core),
            mappings: mappings.without(space.lost), threads: threads.threads, memory: memory,
            files: modules.files, root: modules.root, gaps: gaps + modules.gaps,
            auxiliaryVector: process.auxiliaryVector, mappedBytes: bytes.count,
            areThreadIDsCertain: false)
    }

    /// The capture that this file was written from.
    func capture(
        _ note: CaptureNote, _ options: CoreFileOptions
    ) throws(CoreFileError) -> Capture {
        let memory = memory(of: note.runs)
        let modules = try CoreModules(
            mappings: note.mappings, memory: memory,
            executable: program(among: note.mappings)?.identity,
            originals: Dictionary(
                note.files.map { ($0.identity, $0.stamp) }, uniquingKeysWith: { first, _ in first }),
            options: options)
        var record = note.record
        // The file says so, and what was read is in it.
        record.bytes = min(record.bytes, bytes.count)
        let registers = Dictionary(
            threads.threads.map { ($0.id, $0.registers) }, uniquingKeysWith: { first, _ in first })
        return Capture(
            architecture: architecture, process: note.process, record: record,
            mappings: note.mappings.without(space.lost),
            threads: note.threads.map { thread in
                var thread = thread
                thread.registers = registers[thread.id] ?? nil
                if let number = thread.systemCall?.number {
                    thread.systemCall?.name = SystemCallReader.name(of: number, architecture)
                }
                return thread
            },
            memory: memory, files: modules.files, root: modules.root,
            gaps: note.gaps + gaps + modules.gaps,
            clocks: note.clocks,
            descriptors: Dictionary(
                note.descriptors.map { ($0.record.number, $0) },
                uniquingKeysWith: { first, _ in first }),
            kernelReferences: note.kernelReferences, auxiliaryVector: process.auxiliaryVector,
            mappedBytes: bytes.count)
    }

    /// The memory in the file, each run of it as the capture had it, over what was added: the
    /// beginnings of files.
    private func memory(of runs: [CaptureNote.Run]) -> TargetMemory {
        var segments: [TargetMemory.Segment] = []
        var next = 0
        for run in runs {
            if run.isZero {
                segments.append(
                    TargetMemory.Segment(
                        zeroes: run.start..<run.end, isWritable: run.isWritable,
                        isCaptured: run.isCaptured))
                continue
            }
            while next < space.segments.count, space.segments[next].end <= run.start { next += 1 }
            var held = next
            while held < space.segments.count, space.segments[held].start < run.end {
                let segment = space.segments[held]
                segments.append(
                    segment.slice(max(segment.start, run.start), min(segment.end, run.end))
                        .marked(isWritable: run.isWritable, isCaptured: run.isCaptured))
                held += 1
            }
        }
        let added = space.segments.map { $0.marked(isWritable: false, isCaptured: false) }
        return TargetMemory(segments: segments, owners: [bytes]).layered(over: added, owners: [])
    }

    private func program(among mappings: [Mapping]) -> Mapping? {
        process.programHeaders.flatMap { address in
            mappings.first { $0.isFile && $0.start <= address && address < $0.end }
        }
    }

    /// Gives the mappings that have no file the names that the kernel gives them, where it is
    /// known which they are.
    private func name(_ mappings: inout [Mapping]) {
        let places = [(process.virtualLibrary, "[vdso]"), (process.initialStack, "[stack]")]
        for (address, name) in places {
            guard let address,
                let index = mappings.firstIndex(where: { $0.start <= address && address < $0.end }),
                !mappings[index].isFile
            else { continue }
            mappings[index].path = name
        }
    }
}
