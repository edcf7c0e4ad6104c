import AttachReport

/// What is missing, as the note of a capture says it: a word, and for some a space and which one.
/// Part of that note's format, so that it does not change when messages do.
extension Gap.Subject {
    private static let stackCode = "stack of thread "
    private static let threadCode = "thread "
    private static let fileCode = "file "

    /// The code; of what is never missing from a capture, that of its memory.
    var code: String {
        switch self {
        case .thread(let id): Self.threadCode + String(id)
        case .stack(let id): Self.stackCode + String(id)
        case .file(let path): Self.fileCode + path
        case .threads: "threads"
        case .residency: "which pages are resident"
        case .coreFile: "core file"
        case .captureNote: "notes of asyncattach"
        case .mappedFiles: "mapped files"
        case .furtherMappedFiles: "further mapped files"
        // The rest is found out from a capture, and no part of one.
        case .memory, .symbols, .lines, .debugFiles, .debugFolder, .furtherDebugFiles, .runtime,
            .tasks, .task, .actors, .actor:
            "memory"
        }
    }

    /// Nil for what is no code.
    init?(code: String) {
        let plain: [Gap.Subject] = [
            .threads, .memory, .residency, .coreFile, .captureNote, .mappedFiles,
            .furtherMappedFiles,
        ]
        if let subject = plain.first(where: { $0.code == code }) {
            self = subject
        } else if let id = Self.number(in: code, after: Self.threadCode) {
            self = .thread(id)
        } else if let id = Self.number(in: code, after: Self.stackCode) {
            self = .stack(thread: id)
        } else if code.hasPrefix(Self.fileCode) {
            self = .file(String(code.dropFirst(Self.fileCode.count)))
        } else {
            return nil
        }
    }

    private static func number(in code: String, after prefix: String) -> Int32? {
        code.hasPrefix(prefix) ? Int32(code.dropFirst(prefix.count)) : nil
    }
}
