import AttachReport

/// Who a core file's process was: `NT_PRPSINFO`, `NT_AUXV`, and what its stack says.
struct CoreProcess {
    /// Its pid, in its own pid namespace; nil where not known.
    private(set) var pid: Int32?
    /// Its `comm`.
    private(set) var name = ""
    /// The auxiliary vector (getauxval(3)), as it is in the file.
    private(set) var auxiliaryVector: [UInt64] = []

    // linux/elf.h
    private static let information: UInt32 = 3  // NT_PRPSINFO
    private static let vector: UInt32 = 6  // NT_AUXV
    /// More than the kernel makes (AT_VECTOR_SIZE, linux/mm_types.h).
    private static let vectorLimit: UInt64 = 256

    init(_ notes: CoreNotes) {
        if let note = notes.first("CORE", Self.information) {
            // struct elf_prpsinfo, linux/elfcore.h: pr_pid, pr_fname
            pid = note.load(24, as: Int32.self).flatMap { $0 > 0 ? $0 : nil }
            name = note.string(40, limit: 16)?.text ?? ""
        }
        if let note = notes.first("CORE", Self.vector) {
            let count = min(note.count / 16, Self.vectorLimit)
            auxiliaryVector = note.words(0, count: Int(count) * 2) ?? []
        }
    }

    /// An entry of the auxiliary vector.
    func auxiliary(_ key: UInt64) -> UInt64? {
        stride(from: 0, to: auxiliaryVector.count - 1, by: 2)
            .first { auxiliaryVector[$0] == key }.map { auxiliaryVector[$0 + 1] }
    }

    /// Where its program headers are, and so its program.
    var programHeaders: UInt64? { auxiliary(3) }  // AT_PHDR
    /// Where the kernel's library begins.
    var virtualLibrary: UInt64? { auxiliary(33) }  // AT_SYSINFO_EHDR
    /// Something that the kernel put on the first stack.
    var initialStack: UInt64? { auxiliary(25) }  // AT_RANDOM

    /// Its arguments; empty where the stack does not tell.
    ///
    /// The kernel leaves them above the first stack: their number, their addresses, a zero, the
    /// same of the environment, and then the auxiliary vector (fs/binfmt_elf.c,
    /// `create_elf_tables`), which is known and so can be found.
    func arguments(in memory: TargetMemory) -> [String] {
        guard let stack = initialStack, auxiliaryVector.count >= 4,
            let vector = placeOfVector(below: stack, in: memory)
        else { return [] }
        var reader = WordReader(memory)
        var position = vector &- 8
        guard reader.word(position) == 0 else { return [] }
        position &-= 8
        guard let environment = skipPointers(&reader, &position), environment <= Self.pointerLimit
        else { return [] }
        position &-= 8
        let end = position
        while reader.word(position) != UInt64((end &- position) / 8) {
            guard (end &- position) / 8 < Self.pointerLimit, let word = reader.word(position),
                word != 0
            else { return [] }
            position &-= 8
        }
        return (0..<(end &- position) / 8).map { index in
            reader.word(position, 8 &+ index &* 8)
                .flatMap { memory.text(Address($0), limit: Self.textLimit)?.string } ?? ""
        }
    }

    private static let pointerLimit: UInt64 = 1 << 16
    private static let textLimit = 1 << 16

    /// Moves down to the next zero word; returns how many words were passed.
    private func skipPointers(_ reader: inout WordReader, _ position: inout UInt64) -> UInt64? {
        var count: UInt64 = 0
        while let word = reader.word(position), count < Self.pointerLimit {
            if word == 0 { return count }
            count += 1
            position &-= 8
        }
        return nil
    }

    private func placeOfVector(below end: UInt64, in memory: TargetMemory) -> UInt64? {
        var reader = WordReader(memory)
        var position = end & ~7
        for _ in 0..<512 {
            position &-= 8
            guard let word = reader.word(position) else { return nil }
            guard word == auxiliaryVector[0] else { continue }
            let matches = auxiliaryVector.indices.allSatisfy {
                reader.word(position, UInt64($0) &* 8) == auxiliaryVector[$0]
            }
            if matches { return position }
        }
        return nil
    }
}
