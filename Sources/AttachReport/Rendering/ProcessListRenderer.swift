/// Writes a list of processes.
public struct ProcessListRenderer: Sendable {
    /// How the list is written.
    public enum Form: Sendable {
        /// A table for people.
        case table
        /// One JSON object, over several lines.
        case json
        /// One JSON object a line and process.
        case ndjson
    }

    /// How the list is written.
    public var form: Form
    /// Version of the tool.
    public var toolVersion: String

    /// Memberwise.
    public init(form: Form, toolVersion: String) {
        self.form = form
        self.toolVersion = toolVersion
    }

    /// Writes the processes in their order; of an empty list, no table at all.
    public func render<Sink: ByteSink & ~Copyable>(
        _ processes: [ProcessListing], into sink: inout Sink
    ) throws(Sink.Failure) {
        switch form {
        case .table: try renderTable(processes, into: &sink)
        case .json:
            var json = JSONWriter(isSingleLine: false)
            json.open("{")
            members(ofDocument: "asyncattach.processes", &json)
            json.key("processes")
            json.array(processes) { json, process in
                json.object { $0.members(of: process) }
            }
            json.close("}")
            try json.flush(into: &sink)
        case .ndjson:
            for process in processes {
                var json = JSONWriter(isSingleLine: true)
                json.object {
                    members(ofDocument: "asyncattach.process", &$0)
                    $0.members(of: process)
                }
                try json.flush(into: &sink)
            }
        }
    }

    private func members(ofDocument format: String, _ json: inout JSONWriter) {
        json.member("format", format)
        json.member("schemaVersion", JSONRenderer.schemaVersion)
        json.member("tool", inline: true) { $0.member("version", toolVersion) }
    }

    private func renderTable<Sink: ByteSink & ~Copyable>(
        _ processes: [ProcessListing], into sink: inout Sink
    ) throws(Sink.Failure) {
        guard !processes.isEmpty else { return }
        let header: [PageText] = ["PID", "THREADS", "SWIFT", "LINKED", "NAME"]
        let rows = [header] + processes.map(\.columns)
        // The last column may be as wide as it likes.
        let widths = (0..<header.count - 1).map { column in
            rows.reduce(0) { max($0, $1[column].width) }
        }
        var page = TextPage(options: RenderOptions())
        for row in rows {
            var start = 0
            for (column, text) in row.enumerated() {
                if column > 0 { page.tab(to: start) }
                page.write(text)
                start += (column < widths.count ? widths[column] : 0) + 2
            }
            page.endLine()
            try page.drain(into: &sink)
        }
        try page.flush(into: &sink)
    }
}

extension ProcessListing {
    fileprivate var columns: [PageText] {
        [
            "\(pid)", threads.map { "\($0)" } ?? "?", runtime?.swiftWords ?? "?", linkage,
            description,
        ]
    }

    private var linkage: PageText {
        guard let runtime, runtime.hasSwift else { return "-" }
        let linkage: PageText = runtime.linkage.map { "\($0.rawValue)" } ?? "?"
        return isStripped == true ? linkage + ", stripped" : linkage
    }

    /// Its name, and what there is to say beside the columns.
    private var description: PageText {
        var text = PageText(escaping: displayName)
        if let inner = namespacePIDs.last { text += " (pid \(inner) in its own namespace)" }
        if let obstacle { text += "  not attachable: \(obstacle)" }
        if !unreadFiles.isEmpty, runtime?.layout == nil {
            text += "  \(unreadFiles.count) of its program files could not be read"
        }
        return text
    }

    /// The kernel keeps 15 bytes of a name (`TASK_COMM_LEN`); the executable has the rest.
    private var displayName: String {
        if name.isEmpty { return "?" }
        guard name.utf8.count == 15, let last = executable?.split(separator: "/").last,
            last.utf8.starts(with: name.utf8)
        else { return name }
        return String(last)
    }
}

extension RuntimeRecord {
    fileprivate var swiftWords: PageText {
        guard hasSwift else { return "-" }
        guard isPresent else { return "without concurrency" }
        var text: PageText = layout.map { "\($0)" } ?? "version not known"
        if let layoutVersion { text += " (layout \(layoutVersion))" }
        return text
    }
}

extension JSONWriter {
    fileprivate mutating func members(of process: ProcessListing) {
        member("pid", process.pid)
        if !process.namespacePIDs.isEmpty { member("namespacePIDs", process.namespacePIDs) }
        member("name", process.name)
        member("executable", process.executable)
        member("threads", process.threads)
        if let runtime = process.runtime {
            member("runtime", inline: true) { $0.members(of: runtime) }
        }
        member("stripped", process.isStripped)
        if !process.unreadFiles.isEmpty { member("unreadFiles", process.unreadFiles) }
        member("attachable", process.obstacle == nil)
        member("obstacle", process.obstacle)
    }
}
