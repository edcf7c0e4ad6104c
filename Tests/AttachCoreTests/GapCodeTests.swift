import AttachReport
import Testing

@testable import AttachCore

/// What is missing from a capture says the same after it was written into a core file's note.
struct GapCodeTests {
    static let missing: [Gap.Subject] = [
        .thread(4250), .threads, .stack(thread: -1), .memory, .residency, .coreFile, .captureNote,
        .file("/srv/a b"), .file(""), .mappedFiles, .furtherMappedFiles,
    ]

    @Test(arguments: missing) func aCodeIsReadBack(_ subject: Gap.Subject) {
        #expect(Gap.Subject(code: subject.code) == subject)
    }

    @Test(arguments: ["", "thread", "thread x", "thread 4294967296", "heap", "stack of thread "])
    func whatIsNoCodeIsNothing(_ code: String) {
        #expect(Gap.Subject(code: code) == nil)
    }
}
