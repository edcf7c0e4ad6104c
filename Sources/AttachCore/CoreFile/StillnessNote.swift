import AttachReport

/// What was seen by watching the process after it was captured, as a note of its own, which older
/// readers pass over.
struct StillnessNote {
    /// Its type, among the notes of `CaptureNote.owner`.
    static let type: UInt32 = 2

    /// What it says.
    let stillness: Stillness

    init(_ stillness: Stillness) { self.stillness = stillness }

    /// The contents of the note.
    var bytes: [UInt8] {
        var note = NoteWriter()
        note.put(stillness.nanoseconds)
        note.put(stillness.patience)
        note.put(list: stillness.threads.sorted()) { $0.put($1) }
        note.put(list: stillness.tasks.sorted()) { $0.put($1) }
        return note.bytes
    }

    /// Reads one; throws where it is not what we would have written.
    init(_ bytes: ByteSlice) throws(NoteReader.Malformed) {
        var note = NoteReader(bytes)
        let (nanoseconds, patience) = (try note.number(Int64.self), try note.number(Int64.self))
        guard nanoseconds >= 0, patience > 0 else { throw NoteReader.Malformed() }
        let threads = try note.list(atLeast: 4) { note throws(NoteReader.Malformed) in
            try note.number(Int32.self)
        }
        let tasks = try note.list(atLeast: 8) { note throws(NoteReader.Malformed) in
            try note.number(UInt64.self)
        }
        stillness = Stillness(
            nanoseconds: nanoseconds, patience: patience, threads: Set(threads), tasks: Set(tasks))
    }
}
