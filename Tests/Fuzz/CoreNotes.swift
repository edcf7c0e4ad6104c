// The notes of a core file, our own included.

@testable import AttachCore

func fuzz(_ bytes: [UInt8]) {
    let file = ImageBytes(copying: bytes)
    guard let layout = try? ELFLayout(file, segmentLimit: CoreMappings.limit) else { return }
    let notes = CoreNotes(file, layout: layout)
    for architecture in [Architecture.x86_64, .aarch64] {
        _ = CoreThreads(notes, architecture: architecture)
    }
    let process = CoreProcess(notes)
    _ = process.arguments(in: TargetMemory())
    for note in notes.notes {
        let list = CoreFileList(note.bytes)
        for (entry, next) in zip(list.entries, list.entries.dropFirst()) {
            precondition(entry.end <= next.start)
        }
        guard let own = try? CaptureNote(note.bytes) else { continue }
        // What was read says the same when it is written.
        let again = ImageBytes(copying: own.bytes)
        let copy = ByteSlice(file: again, start: 0, count: again.count)
        precondition((try? CaptureNote(copy))?.bytes == own.bytes)
    }
}
