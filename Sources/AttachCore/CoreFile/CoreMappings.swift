import AttachReport

/// The address space of a core file: its PT_LOAD segments, joined with the list of mapped files.
struct CoreMappings {
    /// By address, without overlap.
    private(set) var mappings: [Mapping] = []
    /// What of it the file holds, by address.
    private(set) var segments: [TargetMemory.Segment] = []
    /// What is wrong or missing.
    private(set) var gaps: [Gap] = []
    /// Those mappings, by place in `mappings`, of which it is not known what they allow: the
    /// core file does not list them but for their file.
    private(set) var unknownAccess: Set<Int> = []
    /// What the file should hold and does not, by address.
    private(set) var lost: [Range<UInt64>] = []
    /// Bytes of memory in the file, without the holes.
    private(set) var bytes: UInt64 = 0

    /// What stands for the device of a file of which only the path is known.
    static let unknownDevice = UInt64.max
    /// vm.max_map_count is 65530, and few raise it.
    static let limit: UInt64 = 1 << 18

    private let file: ImageBytes
    private let holes: FileHoles

    /// - Parameter expectsAll: Whether memory that was left out on purpose is worth a gap.
    init(
        _ file: ImageBytes, layout: ELFLayout, files: [CoreFileList.Entry], holes: FileHoles,
        expectsAll: Bool
    ) {
        self.file = file
        self.holes = holes
        var rest = files[...]
        var position: UInt64 = 0
        var cut: UInt64 = 0
        var absent: UInt64 = 0
        var firstAbsent: UInt64?
        var overlaps = 0
        let loads = layout.segments.filter { $0.type == ELFLayout.Segment.load }
            .sorted { $0.address < $1.address }
        for var load in loads where load.memorySize > 0 {
            let (end, overflow) = load.address.addingReportingOverflow(load.memorySize)
            guard !overflow, end > position else {
                overlaps += 1
                continue
            }
            if load.address < position {
                overlaps += 1
                let skipped = position - load.address
                load.address = position
                load.offset &+= skipped
                load.memorySize -= skipped
                load.fileSize -= min(skipped, load.fileSize)
            }
            addUnlisted(&rest, before: load.address)
            position = end
            let held = hold(load)
            let promised = min(load.fileSize, load.memorySize)
            if held < promised {
                lost.append(load.address + held..<load.address + promised)
                cut &+= promised - held
            }
            let isRest = promised == 0 && isRestOfData(load)
            let isFile = addMappings(load, &rest)
            if expectsAll, !isFile, !isRest, load.isWritable, load.flags & 4 != 0,
                promised < load.memorySize
            {
                firstAbsent = firstAbsent ?? load.address + promised
                absent &+= load.memorySize - promised
            }
        }
        addUnlisted(&rest, before: .max)
        if cut > 0 {
            gaps.append(
                Gap(
                    .memory, address: lost.first.map { Address($0.lowerBound) }, bytes: cut,
                    reason: .shortRead, detail: "the core file is cut short"))
        }
        if absent > 0 {
            gaps.append(
                Gap(
                    .memory, address: firstAbsent.map { Address($0) }, bytes: absent,
                    reason: .shortRead,
                    detail: "left out of the core file (coredump_filter, or MADV_DONTDUMP)"))
        }
        if overlaps > 0 {
            gaps.append(
                Gap(
                    .memory, reason: .inconsistent,
                    detail: "\(overlaps) segments of the core file overlap or wrap around"))
        }
    }

    /// Makes memory of what the file has of a segment; returns how many bytes that is.
    private mutating func hold(_ load: ELFLayout.Segment) -> UInt64 {
        guard load.offset < file.count else { return 0 }
        let held = min(load.fileSize, load.memorySize, file.count - load.offset)
        guard held > 0 else { return 0 }
        holes.forEachRun(in: load.offset..<load.offset + held) { run, isHole in
            let from = run.lowerBound - load.offset
            let size = run.upperBound - run.lowerBound
            let start = load.address + from
            if isHole {
                segments.append(
                    TargetMemory.Segment(
                        zeroes: start..<start + size, isWritable: load.isWritable,
                        isCaptured: false))
            } else if let segment = file.segment(
                at: start, of: run.lowerBound, size, isWritable: load.isWritable, isCaptured: true)
            {
                segments.append(segment)
                bytes += size
            }
        }
        return held
    }

    /// Whether a segment goes on where the data of a program or library ends: what of that begins
    /// as zeros. The kernel leaves it out if nothing was ever written there (fs/coredump.c,
    /// `vma_dump_size`), and then nothing is missing.
    private func isRestOfData(_ load: ELFLayout.Segment) -> Bool {
        guard let last = mappings.last, last.end == load.address else { return false }
        return last.isFile && last.isWritable
    }

    /// Adds the mappings of one segment, cut where files begin and end. Returns whether a file
    /// lies behind all of it.
    private mutating func addMappings(
        _ load: ELFLayout.Segment, _ rest: inout ArraySlice<CoreFileList.Entry>
    ) -> Bool {
        let end = load.address + load.memorySize
        var position = load.address
        var isFile = true
        while position < end {
            while let entry = rest.first, entry.end <= position { rest.removeFirst() }
            var next = end
            var entry: CoreFileList.Entry?
            if let candidate = rest.first, candidate.start < end {
                if candidate.start <= position {
                    entry = candidate
                    next = min(end, candidate.end)
                } else {
                    next = candidate.start
                }
            }
            if entry == nil { isFile = false }
            var mapping = Mapping(
                start: position, end: next,
                isReadable: load.flags & 4 != 0, isWritable: load.isWritable,
                isExecutable: load.isExecutable, isShared: false, fileOffset: 0, device: 0,
                inode: 0, path: "")
            if let entry { mapping.lie(in: entry) }
            mappings.append(mapping)
            position = next
        }
        return isFile
    }

    /// Adds what files are mapped at addresses for which there is no segment: gdb leaves those
    /// out that it need not dump.
    private mutating func addUnlisted(
        _ rest: inout ArraySlice<CoreFileList.Entry>, before address: UInt64
    ) {
        while let entry = rest.first, entry.start < address {
            let start = max(entry.start, mappings.last?.end ?? 0)
            let end = min(entry.end, address)
            if start < end {
                var mapping = Mapping(
                    start: start, end: end, isReadable: true, isWritable: false,
                    isExecutable: true, isShared: false, fileOffset: 0, device: 0, inode: 0,
                    path: "")
                mapping.lie(in: entry)
                unknownAccess.insert(mappings.count)
                mappings.append(mapping)
            }
            // The rest of one that a segment begins in the middle of belongs to that.
            guard entry.end <= address else { return }
            rest.removeFirst()
        }
    }
}

extension [Mapping] {
    /// The same, cut so that what was lost counts as not readable: no file may stand for what
    /// the process had written there. Both are in order.
    func without(_ lost: [Range<UInt64>]) -> [Mapping] {
        var result: [Mapping] = []
        var rest = lost[...]
        for mapping in self {
            var left = mapping
            while let range = rest.first, range.upperBound <= left.start { rest.removeFirst() }
            for range in rest {
                guard range.lowerBound < left.end else { break }
                let hole = range.clamped(to: left.start..<left.end)
                if left.start < hole.lowerBound { result.append(left.part(to: hole.lowerBound)) }
                var part = left.part(from: hole.lowerBound).part(to: hole.upperBound)
                part.isReadable = false
                result.append(part)
                left = left.part(from: hole.upperBound)
            }
            if left.start < left.end { result.append(left) }
        }
        return result
    }
}

extension Mapping {
    fileprivate func part(to end: UInt64) -> Mapping {
        var part = self
        part.end = end
        return part
    }

    fileprivate func part(from start: UInt64) -> Mapping {
        var part = self
        part.fileOffset &+= start - self.start
        part.start = start
        return part
    }

    fileprivate mutating func lie(in entry: CoreFileList.Entry) {
        fileOffset = entry.fileOffset &+ (start - entry.start)
        device = CoreMappings.unknownDevice
        inode = entry.file + 1
        path = entry.path
    }
}

/// The list of mapped files (NT_FILE; Linux, fs/binfmt_elf.c, `fill_files_note`).
struct CoreFileList {
    /// One mapping.
    struct Entry {
        var start: UInt64
        var end: UInt64
        /// In bytes.
        var fileOffset: UInt64
        /// Number of the path among the different ones.
        var file: UInt64
        var path: String
    }

    /// By address, without overlap.
    private(set) var entries: [Entry] = []
    /// Whether some of it makes no sense.
    private(set) var isDamaged = false

    /// The longest path that the kernel gives (PATH_MAX, linux/limits.h).
    private static let longestPath: UInt64 = 4096

    init() {}

    init(_ note: ByteSlice) {
        guard let count: UInt64 = note.load(0), let pageSize: UInt64 = note.load(8),
            count <= CoreMappings.limit, count <= note.count / 24
        else {
            isDamaged = true
            return
        }
        var numbers: [String: UInt64] = [:]
        var name = 16 + count * 24
        for index in 0..<count {
            guard let words = note.words(16 + index * 24, count: 3),
                let (path, length) = note.string(name, limit: Self.longestPath), name < note.count
            else {
                isDamaged = true
                break
            }
            name += length + 1
            let (offset, overflow) = words[2].multipliedReportingOverflow(by: pageSize)
            guard words[0] < words[1], !overflow else {
                isDamaged = true
                continue
            }
            let number = numbers[path] ?? UInt64(numbers.count)
            numbers[path] = number
            entries.append(
                Entry(
                    start: words[0], end: words[1], fileOffset: offset, file: number, path: path))
        }
        entries.sort { $0.start < $1.start }
        var end: UInt64 = 0
        entries.removeAll { entry in
            guard entry.start >= end else {
                isDamaged = true
                return true
            }
            end = entry.end
            return false
        }
    }
}
