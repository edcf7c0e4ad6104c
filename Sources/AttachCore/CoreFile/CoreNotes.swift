/// The notes of a core file (System V gABI, "Note Section"), each checked against the file's size.
struct CoreNotes {
    /// One note.
    struct Note {
        /// Whose type it is: `CORE`, `LINUX`, or ours.
        var owner: String
        /// What it is, e.g. `NT_PRSTATUS`.
        var type: UInt32
        /// What it says.
        var bytes: ByteSlice
    }

    /// In the file's order.
    private(set) var notes: [Note] = []
    /// Whether the file, or what there is of it, ends within them, or they make no sense.
    private(set) var areCut = false

    /// A process has a few notes for each thread; there are no more than 4 million threads.
    private static let limit = 1 << 22

    init(_ file: ImageBytes, layout: ELFLayout) {
        for segment in layout.segments where segment.type == ELFLayout.Segment.note {
            let (end, overflow) = segment.offset.addingReportingOverflow(segment.fileSize)
            if overflow || end > file.count { areCut = true }
            guard segment.offset < file.count else { continue }
            read(file, from: segment.offset, to: overflow ? file.count : min(end, file.count))
        }
    }

    private mutating func read(_ file: ImageBytes, from start: UInt64, to end: UInt64) {
        var position = start
        while end - position >= 12 {
            guard let nameSize: UInt32 = file.load(position),
                let size: UInt32 = file.load(position + 4),
                let type: UInt32 = file.load(position + 8)
            else { break }
            // Both are padded to four bytes, whatever the alignment of the segment says.
            let body = position + 12 + (UInt64(nameSize) + 3) & ~3
            let next = body &+ (UInt64(size) + 3) & ~3
            guard nameSize <= 64, body <= end, UInt64(size) <= end - body,
                notes.count < Self.limit
            else {
                areCut = true
                return
            }
            if let owner = file.text(position + 12, UInt64(nameSize), endsAtZero: true)?.text {
                notes.append(
                    Note(
                        owner: owner, type: type,
                        bytes: ByteSlice(file: file, start: body, count: UInt64(size))))
            }
            position = min(next, end)
        }
    }

    /// What the first note of this kind says.
    func first(_ owner: String, _ type: UInt32) -> ByteSlice? {
        notes.first { $0.type == type && $0.owner == owner }?.bytes
    }
}
