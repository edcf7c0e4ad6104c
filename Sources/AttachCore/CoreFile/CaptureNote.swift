import AttachReport

/// What a capture knows and an ordinary core file has no place for, as a note of our own. A
/// debugger passes over it.
struct CaptureNote {
    /// Whose note it is, and its type: the version of what it holds.
    static let owner = "ASYNCATTACH"
    static let type: UInt32 = 1

    /// A run of memory, and what the capture says of it.
    struct Run: Hashable {
        var start: UInt64
        var end: UInt64
        var isWritable: Bool
        var isCaptured: Bool
        /// It reads as zero, and is not in the file.
        var isZero: Bool
    }

    /// One of the mapped files.
    struct File {
        var path: String
        var identity: MappedIdentity
        /// By what it is told again; nil where it could not be opened.
        var stamp: FileStamp?
    }

    var process: ProcessRecord
    var record: CaptureRecord
    var clocks: ClockReadings?
    var descriptors: [OpenDescriptor]
    var kernelReferences: KernelReferences?
    var mappings: [Mapping]
    /// Without registers, which stand where every core file has them.
    var threads: [CapturedThread]
    var runs: [Run]
    var files: [File]
    var gaps: [Gap]

    /// What it is to say of a capture.
    init(_ capture: Capture) {
        process = capture.process
        record = capture.record
        clocks = capture.clocks
        descriptors = capture.descriptors.values.sorted { $0.record.number < $1.record.number }
        kernelReferences = capture.kernelReferences
        mappings = capture.mappings
        threads = capture.threads
        runs = capture.memory.segments.map { segment in
            Run(
                start: segment.start, end: segment.end, isWritable: segment.isWritable,
                isCaptured: segment.isCaptured, isZero: segment.isZero)
        }
        files = capture.files.map {
            File(
                path: $0.path, identity: MappedIdentity($0.device, $0.inode),
                stamp: $0.descriptor.flatMap { FileStamp(descriptor: $0) })
        }
        gaps = capture.gaps
    }
}

// MARK: Writing

extension CaptureNote {
    /// The contents of the note.
    var bytes: [UInt8] {
        var note = NoteWriter()
        note.put(process.pid)
        note.put(process.name)
        note.put(optional: process.executable) { $0.put($1) }
        note.put(list: process.arguments) { $0.put($1) }
        note.put(optional: process.startTime) { $0.put($1.bitPattern) }
        note.put(list: process.namespacePIDs) { $0.put($1) }
        note.put(record.timeNanoseconds)
        note.put(record.pauseNanoseconds)
        note.put(record.bytes)
        note.put(record.wasJobStopped)
        note.put(optional: clocks) { note, clocks in
            note.put(clocks.realtime)
            note.put(optional: clocks.monotonic) { $0.put($1) }
            note.put(optional: clocks.boottime) { $0.put($1) }
        }
        note.put(list: descriptors) { $0.put($1) }
        note.put(optional: kernelReferences) { note, references in
            note.put(list: references.words) { $0.put($1) }
            note.put(optional: references.incompleteBecause) { $0.put($1) }
        }
        note.put(list: mappings) { $0.put($1) }
        note.put(list: threads) { $0.put($1) }
        note.put(list: runs) { note, run in
            note.put(run.start)
            note.put(run.end)
            note.put(
                UInt8((run.isWritable ? 1 : 0) | (run.isCaptured ? 2 : 0) | (run.isZero ? 4 : 0)))
        }
        note.put(list: files) { note, file in
            note.put(file.path)
            note.put(file.identity.device)
            note.put(file.identity.inode)
            note.put(optional: file.stamp) { note, stamp in
                for word in [stamp.device, stamp.inode, stamp.size] { note.put(word) }
                for time in [stamp.modified, stamp.changed] { note.put(time) }
            }
        }
        note.put(list: gaps) { note, gap in
            note.put(gap.subject.code)
            note.put(optional: gap.address) { $0.put($1.value) }
            note.put(optional: gap.bytes) { $0.put($1) }
            note.put(gap.reason.rawValue)
            note.put(optional: gap.detail) { $0.put($1) }
        }
        return note.bytes
    }
}

extension NoteWriter {
    fileprivate mutating func put(_ mapping: Mapping) {
        put(mapping.start)
        put(mapping.end)
        put(
            UInt8(
                (mapping.isReadable ? 1 : 0) | (mapping.isWritable ? 2 : 0)
                    | (mapping.isExecutable ? 4 : 0) | (mapping.isShared ? 8 : 0)))
        put(mapping.fileOffset)
        put(mapping.device)
        put(mapping.inode)
        put(mapping.path)
    }

    fileprivate mutating func put(_ thread: CapturedThread) {
        put(thread.id)
        put(optional: thread.namespaceID) { $0.put($1) }
        put(thread.name)
        put(thread.state.rawValue)
        put(optional: thread.systemCall) { note, call in
            note.put(Int64(call.number))
            note.put(list: call.arguments) { $0.put($1) }
        }
        put(thread.hasMovedOn)
    }

    fileprivate mutating func put(_ descriptor: OpenDescriptor) {
        put(descriptor.record.number)
        put(descriptor.record.kind.rawValue)
        put(optional: descriptor.record.name) { $0.put($1) }
        put(list: descriptor.members) { $0.put($1) }
    }
}

// MARK: Reading

extension CaptureNote {
    /// Reads one; throws where it is not what we would have written.
    init(_ bytes: ByteSlice) throws(NoteReader.Malformed) {
        var note = NoteReader(bytes)
        process = try note.process()
        record = CaptureRecord(
            timeNanoseconds: try note.number(), pauseNanoseconds: try note.number(),
            bytes: try note.number(), wasJobStopped: try note.flag(), source: .core)
        clocks = try note.optional { note throws(NoteReader.Malformed) in
            ClockReadings(
                realtime: try note.number(),
                monotonic: try note.optional { note throws(NoteReader.Malformed) in
                    try note.number()
                },
                boottime: try note.optional { note throws(NoteReader.Malformed) in
                    try note.number()
                })
        }
        descriptors = try note.list(atLeast: 17) { note throws(NoteReader.Malformed) in
            try note.descriptor()
        }
        kernelReferences = try note.optional { note throws(NoteReader.Malformed) in
            KernelReferences(
                words: try note.list(atLeast: 8) { note throws(NoteReader.Malformed) in
                    try note.number()
                },
                incompleteBecause: try note.optional { note throws(NoteReader.Malformed) in
                    try note.text()
                })
        }
        mappings = try note.list(atLeast: 45) { note throws(NoteReader.Malformed) in
            try note.mapping()
        }
        threads = try note.list(atLeast: 15) { note throws(NoteReader.Malformed) in
            try note.thread()
        }
        runs = try note.list(atLeast: 17) { note throws(NoteReader.Malformed) in
            let (start, end) = (try note.number(UInt64.self), try note.number(UInt64.self))
            let flags: UInt8 = try note.number()
            return Run(
                start: start, end: end, isWritable: flags & 1 != 0, isCaptured: flags & 2 != 0,
                isZero: flags & 4 != 0)
        }
        files = try note.list(atLeast: 21) { note throws(NoteReader.Malformed) in
            File(
                path: try note.text(),
                identity: MappedIdentity(try note.number(), try note.number()),
                stamp: try note.optional { note throws(NoteReader.Malformed) in
                    FileStamp(
                        device: try note.number(), inode: try note.number(),
                        size: try note.number(), modified: try note.number(),
                        changed: try note.number())
                })
        }
        gaps = try note.list(atLeast: 11) { note throws(NoteReader.Malformed) in try note.gap() }
        try check()
    }

    /// What everything else counts on: addresses in order, without overlap.
    private func check() throws(NoteReader.Malformed) {
        var end: UInt64 = 0
        for mapping in mappings {
            guard mapping.start >= end, mapping.start < mapping.end else {
                throw NoteReader.Malformed()
            }
            end = mapping.end
        }
        end = 0
        for run in runs {
            guard run.start >= end, run.start < run.end else { throw NoteReader.Malformed() }
            end = run.end
        }
        guard Set(threads.map(\.id)).count == threads.count else { throw NoteReader.Malformed() }
    }
}

extension NoteReader {
    fileprivate mutating func process() throws(Malformed) -> ProcessRecord {
        ProcessRecord(
            pid: try number(), name: try text(),
            executable: try optional { note throws(Malformed) in try note.text() },
            arguments: try list(atLeast: 4) { note throws(Malformed) in try note.text() },
            startTime: try optional { note throws(Malformed) in
                Double(bitPattern: try note.number())
            },
            namespacePIDs: try list(atLeast: 4) { note throws(Malformed) in try note.number() })
    }

    fileprivate mutating func mapping() throws(Malformed) -> Mapping {
        let (start, end) = (try number(UInt64.self), try number(UInt64.self))
        let access: UInt8 = try number()
        return Mapping(
            start: start, end: end, isReadable: access & 1 != 0, isWritable: access & 2 != 0,
            isExecutable: access & 4 != 0, isShared: access & 8 != 0, fileOffset: try number(),
            device: try number(), inode: try number(), path: try text())
    }

    fileprivate mutating func thread() throws(Malformed) -> CapturedThread {
        let id: Int32 = try number()
        let namespaceID: Int32? = try optional { note throws(Malformed) in try note.number() }
        let name = try text()
        guard let state = ThreadRecord.State(rawValue: try text()) else { throw Malformed() }
        let call: SystemCall? = try optional { note throws(Malformed) in
            let number = Int(truncatingIfNeeded: try note.number(Int64.self))
            let arguments: [UInt64] = try note.list(atLeast: 8) { note throws(Malformed) in
                try note.number()
            }
            guard arguments.count == 6 || arguments.isEmpty else { throw Malformed() }
            // Its name depends on the CPU, which the file's header tells.
            return SystemCall(number: number, name: nil, arguments: arguments)
        }
        return CapturedThread(
            id: id, namespaceID: namespaceID, name: name, state: state, registers: nil,
            systemCall: call, hasMovedOn: try flag())
    }

    fileprivate mutating func descriptor() throws(Malformed) -> OpenDescriptor {
        let number: Int32 = try self.number()
        guard let kind = DescriptorRecord.Kind(rawValue: try text()) else { throw Malformed() }
        let name = try optional { note throws(Malformed) in try note.text() }
        return OpenDescriptor(
            record: DescriptorRecord(number: number, kind: kind, name: name),
            members: try list(atLeast: 4) { note throws(Malformed) in try note.number() })
    }

    fileprivate mutating func gap() throws(Malformed) -> Gap {
        guard let subject = Gap.Subject(code: try text()) else { throw Malformed() }
        let address: UInt64? = try optional { note throws(Malformed) in try note.number() }
        let bytes: UInt64? = try optional { note throws(Malformed) in try note.number() }
        guard let reason = Gap.Reason(rawValue: try text()) else { throw Malformed() }
        return Gap(
            subject, address: address.map { Address($0) }, bytes: bytes, reason: reason,
            detail: try optional { note throws(Malformed) in try note.text() })
    }
}
