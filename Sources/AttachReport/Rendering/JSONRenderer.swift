/// Writes a report as one JSON object for programs, as `docs/report.schema.json` describes it.
///
/// Nothing is grouped or left out, whatever the options say, so that the shape of a document
/// never depends on them. Fields are added in later versions and never changed.
public struct JSONRenderer: Renderer {
    /// The version of the format; a reader of version 1 never breaks.
    public static let schemaVersion = 1

    /// Whether the object takes a single line, as in newline-delimited JSON.
    public var isSingleLine: Bool

    /// On one line, or one line a frame for people who look.
    public init(isSingleLine: Bool = false) { self.isSingleLine = isSingleLine }

    /// Writes the object and a line feed.
    public func render<Sink: ByteSink & ~Copyable>(
        _ report: Report, options: RenderOptions, into sink: inout Sink
    ) throws(Sink.Failure) {
        let snapshot = report.snapshot
        var json = JSONWriter(isSingleLine: isSingleLine)
        json.open("{")
        json.member("format", "asyncattach.report")
        json.member("schemaVersion", Self.schemaVersion)
        json.member("tool", inline: true) { $0.member("version", report.toolVersion) }
        json.member("process") { $0.members(of: snapshot.process) }
        json.member("capture") { $0.members(of: snapshot.capture) }
        json.member("runtime") { $0.members(of: snapshot.runtime) }
        try json.elements("threads", snapshot.threads, into: &sink) { $0.members(of: $1) }
        let index = SnapshotIndex(snapshot)
        try json.elements("tasks", snapshot.tasks, into: &sink) {
            $0.members(of: $1, index: index)
        }
        try json.elements("groups", snapshot.groups, into: &sink) { $0.members(of: $1) }
        try json.elements("actors", snapshot.actors, into: &sink) { $0.members(of: $1) }
        try json.elements("edges", report.edges, isInline: true, into: &sink) {
            $0.members(of: $1)
        }
        let phrases = FindingPhrases(index)
        try json.elements("findings", report.findings, into: &sink) { $0.members(of: $1, phrases) }
        try json.elements("images", snapshot.images, into: &sink) { $0.members(of: $1) }
        if let stillness = snapshot.stillness {
            json.member("stillness") { $0.members(of: stillness) }
        }
        json.member("coverage") { $0.members(of: snapshot.coverage) }
        json.close("}")
        try json.flush(into: &sink)
    }
}

extension JSONWriter {
    /// An array of objects, handed over as it grows.
    fileprivate mutating func elements<Element, Sink: ByteSink & ~Copyable>(
        _ key: StaticString, _ elements: [Element], isInline: Bool = false, into sink: inout Sink,
        _ members: (inout JSONWriter, Element) -> Void
    ) throws(Sink.Failure) {
        self.key(key)
        open("[")
        for element in elements {
            object(inline: isInline) { members(&$0, element) }
            try drain(into: &sink)
        }
        close("]")
    }

    fileprivate mutating func members(of process: ProcessRecord) {
        member("pid", process.pid)
        member("name", process.name)
        member("executable", process.executable)
        member("arguments", process.arguments)
        // The kernel counts in hundredths of a second.
        if let start = process.startTime, let ticks = Int64(exactly: (start * 100).rounded()),
            case let (nanoseconds, overflow) = ticks.multipliedReportingOverflow(by: 10_000_000),
            !overflow
        {
            member("started", UTCTime(nanosecondsSince1970: nanoseconds).timestamp)
        }
        if !process.namespacePIDs.isEmpty { member("namespacePIDs", process.namespacePIDs) }
    }

    fileprivate mutating func members(of capture: CaptureRecord) {
        member("time", UTCTime(nanosecondsSince1970: capture.timeNanoseconds).timestamp)
        member("source", capture.source.rawValue)
        if capture.source == .live { member("pauseNanoseconds", capture.pauseNanoseconds) }
        member("bytes", capture.bytes)
        member("wasJobStopped", capture.wasJobStopped)
    }

    mutating func members(of runtime: RuntimeRecord) {
        member("present", runtime.isPresent)
        member("swift", runtime.hasSwift)
        member("linkage", runtime.linkage?.rawValue)
        member("layout", runtime.layout)
        member("layoutVersion", runtime.layoutVersion)
    }

    fileprivate mutating func members(of thread: ThreadRecord) {
        member("id", thread.id)
        member("namespaceID", thread.namespaceID)
        member("name", thread.name)
        member("state", thread.state.rawValue)
        member("role", thread.role?.rawValue)
        if let call = thread.systemCall {
            member("systemCall", inline: true) {
                $0.member("number", call.number)
                $0.member("name", call.name)
                $0.member("arguments", call.arguments.map { Address($0).description })
            }
        }
        if let wait = thread.wait { member("wait", inline: true) { $0.members(of: wait) } }
        member("task", thread.task)
        frames(thread.frames)
    }

    fileprivate mutating func members(of task: TaskRecord, index: SnapshotIndex) {
        member("id", task.id)
        member("name", task.name)
        member("address", task.address)
        member("state", task.state.rawValue)
        member("priority", task.priority.description)
        member("basePriority", task.basePriority.description)
        member("flags", task.flags.map(\.rawValue))
        member("cancelled", task.isCancelled)
        member("parent", task.parent)
        member("children", task.children)
        member("group", task.group)
        member("thread", task.thread)
        member("wait", inline: true) {
            $0.members(of: task.wait)
            if task.state == .enqueued {
                $0.member("position", index.place(ofTask: task.id)?.number)
            }
            $0.member("wakesInNanoseconds", task.wakesIn)
        }
        if let continuation = task.continuation {
            member("continuation", inline: true) { $0.members(of: continuation, index: index) }
        }
        if task.hasCancellationHandler { member("hasCancellationHandler", true) }
        member("resultType", task.resultType)
        if let result = task.result {
            member("result", inline: true) {
                switch result {
                case .success:
                    $0.member("kind", "success")
                case .error(let type, let name):
                    $0.member("kind", "error")
                    $0.member("type", type)
                    $0.member("case", name)
                }
            }
        }
        member("handles", task.handles)
        frames(task.frames)
    }

    private mutating func members(of wait: Wait) {
        member("kind", wait.kind.rawValue)
        switch wait {
        case .task(let id):
            member("task", id)
        case .group(let address):
            member("group", address)
        case .actor(let address, let type):
            member("actor", address)
            member("type", type)
        case .executor(let address, let type):
            member("executor", address)
            member("type", type)
        case .none, .continuation, .sleep, .stream, .yield, .mainActor, .globalExecutor, .unknown:
            break
        }
    }

    fileprivate mutating func members(of group: GroupRecord) {
        member("address", group.address)
        member("owner", group.owner)
        member("discarding", group.isDiscarding)
        member("cancelled", group.isCancelled)
        member("pending", group.pending)
        member("children", group.children)
    }

    fileprivate mutating func members(of image: ImageRecord) {
        member("name", image.name)
        member("path", image.path)
        member("buildId", image.buildID)
        member("baseAddress", image.baseAddress)
        member("endOfText", image.endOfText)
        member("symbols", image.symbols?.rawValue)
        if let debug = image.debugFile {
            member("debugFile") {
                $0.member("path", debug.path)
                $0.member("foundBy", debug.foundBy.rawValue)
            }
        }
    }

    fileprivate mutating func members(of coverage: Coverage) {
        member("tasksFound", coverage.tasksFound)
        member("helpersFolded", coverage.helpersFolded)
        member("rejected", coverage.rejected)
        member("bytesSearched", coverage.bytesSearched)
        key("gaps")
        array(coverage.gaps) { writer, gap in
            writer.object(inline: true) {
                $0.member("what", gap.subject.phrase)
                $0.member("reason", gap.reason.rawValue)
                $0.member("address", gap.address)
                $0.member("bytes", gap.bytes)
                $0.member("detail", gap.detail)
            }
        }
    }

    private mutating func frames(_ frames: [Frame]) {
        // Tasks at the same place share an array, and frames are most of a document.
        key("frames")
        value(sharedAs: StackStorage(frames)) { writer in
            writer.array(frames) { writer, frame in
                writer.object(inline: true) { $0.members(of: frame) }
            }
        }
    }

    private mutating func members(of frame: Frame) {
        switch frame.kind {
        case .programCounter: member("kind", "programCounter")
        case .returnAddress: member("kind", "returnAddress")
        case .asyncResumePoint: member("kind", "asyncResumePoint")
        case .inlined: member("kind", "inlined")
        case .omitted(let count):
            member("kind", "omitted")
            member("count", count)
        case .stopped(let reason):
            member("kind", "stopped")
            member("reason", reason)
        }
        member("address", frame.address)
        member("function", frame.function)
        member("symbol", frame.symbol)
        member("offset", frame.symbolOffset)
        member("image", frame.image)
        member("imageOffset", frame.imageOffset.map { Address($0) })
        if let location = frame.location {
            member("sourceLocation") {
                $0.member("file", location.file)
                $0.member("line", location.line)
                $0.member("column", location.column)
            }
        }
        if let folding = frame.folding {
            member("folded", true)
            member("folding", folding.rawValue)
        }
        if frame.aliases > 0 { member("aliases", frame.aliases) }
    }
}
