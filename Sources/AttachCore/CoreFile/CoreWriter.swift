public import AttachReport

/// Writes a capture as a core file: small, since it holds no page that a file has or that was
/// never touched, and readable for gdb, lldb and `CoreReader`.
public struct CoreWriter {
    private let capture: Capture
    /// Kept, since the layout's runs point into it.
    private let memory: TargetMemory
    private let layout: CoreLayout

    private static let headerSize: UInt64 = 64  // Elf64_Ehdr
    private static let segmentSize: UInt64 = 56  // Elf64_Phdr
    private static let sectionSize: UInt64 = 64  // Elf64_Shdr
    /// More segments than these are counted elsewhere (PN_XNUM, elf(5)).
    private static let segmentLimit = 0xffff
    /// Of each file's beginning, where its build ID is.
    private static let pageSize = TargetMemory.smallestPage

    /// A writer for one capture.
    public init(_ capture: Capture) {
        self.capture = capture
        memory = capture.memory.withHeaders(
            of: capture.files, mappings: capture.mappings, size: Self.pageSize)
        layout = CoreLayout(mappings: capture.mappings, memory: memory)
    }

    /// Writes it all, in order.
    public func write<Sink: ByteSink & ~Copyable>(into sink: inout Sink) throws(Sink.Failure) {
        let notes = CoreNoteTable(capture).bytes
        let count = layout.stretches.count + 1
        let table = Self.headerSize + UInt64(count) * Self.segmentSize
        let isExtended = count >= Self.segmentLimit
        let notesStart = table + (isExtended ? Self.sectionSize : 0)
        var head = NoteWriter()
        putHeader(&head, segments: count, sections: isExtended ? table : nil)
        putSegment(
            &head, type: ELFLayout.Segment.note, flags: 0, offset: notesStart, address: 0,
            stored: UInt64(notes.count), size: 0)
        var offset = notesStart + UInt64(notes.count)
        for stretch in layout.stretches {
            let size = stretch.end - stretch.start
            putSegment(
                &head, type: ELFLayout.Segment.load, flags: stretch.flags, offset: offset,
                address: stretch.start, stored: stretch.isStored ? size : 0, size: size)
            if stretch.isStored { offset += size }
        }
        if isExtended { putSegmentCount(&head, count) }
        try sink.write(head.bytes.span)
        try sink.write(notes.span)
        for stretch in layout.stretches where stretch.isStored {
            try write(stretch, into: &sink)
        }
    }

    private func write<Sink: ByteSink & ~Copyable>(
        _ stretch: CoreLayout.Stretch, into sink: inout Sink
    ) throws(Sink.Failure) {
        for run in layout.runs[stretch.runs] {
            guard run.isZero else {
                try run.withBytes { bytes throws(Sink.Failure) in try sink.write(bytes) }
                continue
            }
            let zeroes = [UInt8](repeating: 0, count: Int(run.end - run.start))
            try sink.write(zeroes.span)
        }
    }

    // MARK: Headers (elf.h)

    private func putHeader(_ head: inout NoteWriter, segments: Int, sections: UInt64?) {
        for byte: UInt8 in [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0] {
            head.put(byte)
        }
        head.put(ELFLayout.core)
        head.put(capture.architecture.elfMachine)
        head.put(UInt32(1))  // EV_CURRENT
        head.put(UInt64(0))  // e_entry
        head.put(Self.headerSize)  // e_phoff
        head.put(sections ?? 0)  // e_shoff
        head.put(UInt32(0))  // e_flags
        head.put(UInt16(Self.headerSize))
        head.put(UInt16(Self.segmentSize))
        head.put(UInt16(min(segments, Self.segmentLimit)))
        head.put(UInt16(sections == nil ? 0 : Self.sectionSize))
        head.put(UInt16(sections == nil ? 0 : 1))
        head.put(UInt16(0))  // e_shstrndx
    }

    private func putSegment(
        _ head: inout NoteWriter, type: UInt32, flags: UInt32, offset: UInt64, address: UInt64,
        stored: UInt64, size: UInt64
    ) {
        head.put(type)
        head.put(flags)
        for word in [offset, address, 0, stored, size, 1] { head.put(word) }
    }

    /// The section header that holds the number of segments.
    private func putSegmentCount(_ head: inout NoteWriter, _ count: Int) {
        head.put(UInt32(0))  // sh_name
        head.put(UInt32(0))  // sh_type
        for _ in 0..<4 { head.put(UInt64(0)) }  // sh_flags, sh_addr, sh_offset, sh_size
        head.put(UInt32(0))  // sh_link
        head.put(UInt32(clamping: count))  // sh_info
        head.put(UInt64(0))
        head.put(UInt64(0))
    }
}

extension TargetMemory {
    /// The same with the first page of each file, by which a debugger tells which one it was.
    fileprivate func withHeaders(
        of files: [MappedFile], mappings: [Mapping], size: Int
    ) -> TargetMemory {
        var segments: [Segment] = []
        var owners: [AnyObject] = []
        var open: [MappedIdentity: OpenFile] = [:]
        for file in files { open[MappedIdentity(file.device, file.inode)] = file.file }
        for mapping in mappings
        where mapping.isFile && mapping.fileOffset == 0 && mapping.isReadable && !mapping.isShared
            && !mapping.isWritable
        {
            guard let page = open[mapping.identity]?.bytes(at: 0, upTo: size), !page.isEmpty,
                UInt64(page.count) <= mapping.size
            else { continue }
            let bytes = ImageBytes(copying: page)
            let segment = bytes.segment(
                at: mapping.start, of: 0, bytes.count, isWritable: false, isCaptured: false)
            guard let segment else { continue }
            segments.append(segment)
            owners.append(bytes)
        }
        return layered(over: segments, owners: owners)
    }
}
