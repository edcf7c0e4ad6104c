import AttachReport

/// The threads of a core file: `NT_PRSTATUS` for each (linux/elfcore.h, `struct elf_prstatus`).
struct CoreThreads {
    /// By id.
    private(set) var threads: [CapturedThread] = []
    /// What is wrong with some.
    private(set) var gaps: [Gap] = []

    private static let idOffset: UInt64 = 32
    private static let registerOffset: UInt64 = 112

    init(_ notes: CoreNotes, architecture: Architecture) {
        var places: [Int32: Int] = [:]
        var unreadable = 0
        var last: Int?
        for note in notes.notes {
            if note.owner == "CORE", note.type == RegisterNote.status {
                guard let thread = Self.thread(note.bytes, architecture),
                    places.updateValue(threads.count, forKey: thread.id) == nil
                else {
                    unreadable += 1
                    last = nil
                    continue
                }
                last = threads.count
                threads.append(thread)
            } else if let last {
                // What follows a thread's status belongs to it.
                Self.add(note, to: &threads[last])
            }
        }
        if unreadable > 0 {
            gaps.append(
                Gap(
                    .threads, reason: .inconsistent,
                    detail: "\(unreadable) that make no sense or are there twice"))
        }
        threads.sort { $0.id < $1.id }
    }

    private static func add(_ note: CoreNotes.Note, to thread: inout CapturedThread) {
        guard let architecture = thread.registers?.architecture else { return }
        switch (architecture, note.owner, note.type) {
        case (.aarch64, "LINUX", RegisterNote.threadPointer):
            thread.registers?.threadPointer = note.bytes.load(0)
        case (.aarch64, "LINUX", RegisterNote.signatureMasks):
            thread.registers?.signatureBits = note.bytes.load(8)
        default:
            let isVectors = RegisterNote.vectors(architecture).contains {
                $0.note == note.type && $0.owner == note.owner
            }
            let count = Int(min(note.bytes.count / 8, UInt64(RegisterNote.mostVectorWords)))
            if isVectors, count > 0 {
                thread.registers?.vectors[note.type] = note.bytes.words(0, count: count)
            }
        }
    }

    private static func thread(
        _ bytes: ByteSlice, _ architecture: Architecture
    ) -> CapturedThread? {
        guard let id: Int32 = bytes.load(idOffset), id > 0,
            let words = bytes.words(registerOffset, count: architecture.registerCount),
            let registers = RegisterSet(architecture: architecture, words: words)
        else { return nil }
        let call = SystemCallReader.call(registers: registers)
        // Out of a system call it ran; on aarch64 that takes a look at its code, later.
        let state: ThreadRecord.State =
            call != nil ? .sleeping : architecture == .x86_64 ? .running : .unknown
        // The kernel does not write the names of threads.
        return CapturedThread(
            id: id, namespaceID: nil, name: "", state: state, registers: registers,
            systemCall: call)
    }
}
