/// The notes of a core file (System V gABI, "Note Section"), each checked against the file's size.
struct CoreNotes {
    /// One note.
    struct Note {
        /// Whose type it is: `CORE`, `LINUX`, or ours.
        var owner: String
        /// What it is, e.g. `NT_PRSTATUS`.
        var type: UInt32
        /// What it says.
        var bytes: CoreBytes
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
            if let name = unsafe file.slice(position + 12, UInt64(nameSize)) {
                let owner = unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                notes.append(
                    Note(
                        owner: owner, type: type,
                        bytes: CoreBytes(file: file, start: body, count: UInt64(size))))
            }
            position = min(next, end)
        }
    }

    /// What the first note of this kind says.
    func first(_ owner: String, _ type: UInt32) -> CoreBytes? {
        notes.first { $0.type == type && $0.owner == owner }?.bytes
    }
}

/// A run of bytes of a core file.
struct CoreBytes {
    /// The whole file.
    let file: ImageBytes
    /// Where it begins there.
    let start: UInt64
    /// How many bytes it has; they lie in the file.
    let count: UInt64

    /// An integer at an offset; nil where it does not lie within.
    func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ offset: UInt64, as type: T.Type = T.self
    ) -> T? {
        guard offset <= count, UInt64(MemoryLayout<T>.size) <= count - offset else { return nil }
        return file.load(start + offset)
    }

    /// The string at an offset, up to its NUL, at most `limit` bytes of it and no further than
    /// the run goes; and how many bytes it has.
    func string(_ offset: UInt64, limit: UInt64) -> (text: String, size: UInt64)? {
        guard offset <= count,
            let bytes = unsafe file.slice(start + offset, min(limit, count - offset))
        else { return nil }
        let text = unsafe bytes.prefix { $0 != 0 }
        return unsafe (String(decoding: text, as: UTF8.self), UInt64(text.count))
    }

    /// A string of exactly so many bytes; nil where there are not so many.
    func text(_ offset: UInt64, size: UInt64) -> String? {
        guard offset <= count, size <= count - offset,
            let bytes = unsafe file.slice(start + offset, size)
        else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// So many words from an offset; nil where there are not so many.
    func words(_ offset: UInt64, count wanted: Int) -> [UInt64]? {
        guard wanted >= 0, offset <= count, UInt64(wanted) <= (count - offset) / 8 else {
            return nil
        }
        return (0..<UInt64(wanted)).compactMap { load(offset + $0 * 8) }
    }

    /// Everything.
    var array: [UInt8] {
        guard let bytes = unsafe file.slice(start, count) else { return [] }
        return unsafe Array(bytes)
    }
}
