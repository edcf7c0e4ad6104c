import AttachReport

/// A process at one moment, ready to be read: what was captured, the files that are mapped, and
/// the memory of both together. Everything that is computed from a capture takes it.
struct Target {
    /// What was captured, with what only the mapped files tell: the ids that its own words have
    /// for its threads, and the calls that it was resuming.
    let capture: Capture
    /// The files that are mapped.
    let images: ImageTable
    /// What was captured, over the bytes of the mapped files.
    let memory: TargetMemory
    /// What is code.
    let code: CodeRanges

    /// A capture whose files are these.
    init(_ capture: Capture, images: ImageTable) {
        let files = images.fileSegments()
        let memory = capture.memory.layered(over: files.segments, owners: files.owners)
        var capture = capture
        if !capture.areThreadIDsCertain {
            LibraryThreadIDs(images: images, memory: memory, architecture: capture.architecture)?
                .apply(to: &capture)
        }
        let calls = SystemCallRepair { memory.copy($0, count: $1) }
        for index in capture.threads.indices { calls.repair(&capture.threads[index]) }
        self.init(capture, images: images, memory: memory, code: CodeRanges(images))
    }

    /// Memberwise.
    init(_ capture: Capture, images: ImageTable, memory: TargetMemory, code: CodeRanges) {
        self.capture = capture
        self.images = images
        self.memory = memory
        self.code = code
    }

    /// The CPU that it ran on.
    var architecture: Architecture { capture.architecture }
    /// Its threads, by id.
    var threads: [CapturedThread] { capture.threads }
}
