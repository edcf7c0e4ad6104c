import AttachReport

/// The notes of a core file of a capture: those that every core file has, and our own.
struct CoreNoteTable {
    private let capture: Capture

    init(_ capture: Capture) { self.capture = capture }

    /// All of them.
    var bytes: [UInt8] {
        var table: [UInt8] = []
        add("CORE", 3, information, to: &table)  // NT_PRPSINFO
        for thread in threads {
            add("CORE", RegisterNote.status, status(of: thread), to: &table)
            if capture.architecture == .aarch64 { addOwn(of: thread, to: &table) }
            addVectors(of: thread, to: &table)
        }
        if !capture.auxiliaryVector.isEmpty {
            var note = NoteWriter()
            for word in capture.auxiliaryVector { note.put(word) }
            add("CORE", 6, note.bytes, to: &table)  // NT_AUXV
        }
        add("CORE", 0x4649_4c45, files, to: &table)  // NT_FILE
        add(CaptureNote.owner, CaptureNote.type, CaptureNote(capture).bytes, to: &table)
        if let stillness = capture.stillness {
            add(CaptureNote.owner, StillnessNote.type, StillnessNote(stillness).bytes, to: &table)
        }
        return table
    }

    /// What aarch64 has outside of the general registers.
    private func addOwn(of thread: CapturedThread, to table: inout [UInt8]) {
        if let pointer = thread.registers?.threadPointer {
            var note = NoteWriter()
            note.put(pointer)
            add("LINUX", RegisterNote.threadPointer, note.bytes, to: &table)
        }
        if let bits = thread.registers?.signatureBits {
            var note = NoteWriter()
            // The kernel has the same for data (ptrauth_user_pac_mask, asm/pointer_auth.h).
            note.put(bits)
            note.put(bits)
            add("LINUX", RegisterNote.signatureMasks, note.bytes, to: &table)
        }
    }

    private func addVectors(of thread: CapturedThread, to table: inout [UInt8]) {
        for (type, owner) in RegisterNote.vectors(capture.architecture) {
            guard let words = thread.registers?.vectors[type] else { continue }
            var note = NoteWriter()
            for word in words { note.put(word) }
            add(owner, type, note.bytes, to: &table)
        }
    }

    /// Those with registers, the first thread of the process first: that is the one that a
    /// debugger shows.
    private var threads: [CapturedThread] {
        let all = capture.threads.filter { $0.registers != nil }
        return all.filter { $0.id == capture.process.pid }
            + all.filter { $0.id != capture.process.pid }
    }

    private func add(
        _ owner: String, _ type: UInt32, _ contents: [UInt8], to table: inout [UInt8]
    ) {
        var note = NoteWriter()
        note.put(UInt32(owner.utf8.count + 1))
        note.put(UInt32(clamping: contents.count))
        note.put(type)
        table += note.bytes
        table += padded(Array(owner.utf8) + [0])
        table += padded(contents)
    }

    private func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    // MARK: linux/elfcore.h

    /// `struct elf_prpsinfo`
    private var information: [UInt8] {
        var note = NoteWriter()
        for byte in [0, UInt8(ascii: "S"), 0, 0] { note.put(byte) }
        note.put(UInt32(0))
        note.put(UInt64(0))  // pr_flag
        for number in [0, 0, capture.process.pid, 0, 0, 0] { note.put(number) }
        let words = capture.process.arguments.joined(separator: " ")
        return note.bytes + text(capture.process.name, size: 16) + text(words, size: 80)
    }

    /// As many bytes as there is room for, and at least one zero.
    private func text(_ text: String, size: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(size - 1))
        return bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }

    /// `struct elf_prstatus`
    private func status(of thread: CapturedThread) -> [UInt8] {
        var note = NoteWriter()
        for _ in 0..<4 { note.put(UInt64(0)) }  // pr_info … pr_sighold
        note.put(thread.id)
        for _ in 0..<3 { note.put(UInt32(0)) }  // pr_ppid, pr_pgrp, pr_sid
        for _ in 0..<8 { note.put(UInt64(0)) }  // pr_utime … pr_cstime
        let words = thread.registers?.words ?? []
        for word in words.prefix(capture.architecture.registerCount) { note.put(word) }
        note.put(UInt64(0))  // pr_fpvalid
        return note.bytes
    }

    /// NT_FILE (fs/binfmt_elf.c, `fill_files_note`).
    private var files: [UInt8] {
        let pageSize = UInt64(TargetMemory.smallestPage)
        let mapped = capture.mappings.filter(\.isFile)
        var note = NoteWriter()
        note.put(UInt64(mapped.count))
        note.put(pageSize)
        for mapping in mapped {
            note.put(mapping.start)
            note.put(mapping.end)
            note.put(mapping.fileOffset / pageSize)
        }
        return note.bytes + mapped.flatMap { Array($0.path.utf8) + [0] }
    }
}
