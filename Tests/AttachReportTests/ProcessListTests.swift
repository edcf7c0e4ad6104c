import AttachReport
import Testing

@Suite struct ProcessListTests {
    private static let processes: [ProcessListing] = [
        ProcessListing(
            pid: 7, name: "bank", executable: "/srv/bank", threads: 4,
            runtime: RuntimeRecord(
                isPresent: true, hasSwift: true, linkage: .dynamic, layout: "6.1-6.3",
                layoutVersion: 1), isStripped: false),
        ProcessListing(
            pid: 4242, namespacePIDs: [17, 1], name: "a-very-long-nam",
            executable: "/srv/a-very-long-name", threads: 12,
            runtime: RuntimeRecord(isPresent: true, hasSwift: true, linkage: .static),
            isStripped: true),
        ProcessListing(
            pid: 4243, name: "tool", threads: 1,
            runtime: RuntimeRecord(isPresent: false, hasSwift: true, linkage: .dynamic),
            isStripped: false),
        ProcessListing(
            pid: 4244, name: "sleep", threads: 1,
            runtime: RuntimeRecord(isPresent: false, hasSwift: false), isStripped: true,
            unreadFiles: ["/usr/lib/gone.so"]),
        ProcessListing(pid: 4245, name: "", obstacle: "it belongs to another user (uid 0)"),
    ]

    private static func rendered(
        _ processes: [ProcessListing], _ form: ProcessListRenderer.Form
    ) -> String {
        var sink = ByteArraySink()
        ProcessListRenderer(form: form, toolVersion: "0.1.0").render(processes, into: &sink)
        return sink.text
    }

    @Test func aLineAProcess() {
        let unopened = "1 of its program files could not be read"
        #expect(
            Self.rendered(Self.processes, .table) == """
                PID   THREADS  SWIFT                LINKED            NAME
                7     4        6.1-6.3 (layout 1)   dynamic           bank
                4242  12       version not known    static, stripped  a-very-long-name \
                (pid 1 in its own namespace)
                4243  1        without concurrency  dynamic           tool
                4244  1        -                    -                 sleep  \(unopened)
                4245  ?        ?                    -                 ?  not attachable: \
                it belongs to another user (uid 0)

                """)
        #expect(Self.rendered([], .table).isEmpty)
    }

    /// A name cannot add lines, or act on a terminal.
    @Test func hostileNamesStayInTheirLine() {
        let name = HostileNamesTests.name
        let page = Self.rendered(
            [
                ProcessListing(
                    pid: 1, name: name, executable: name,
                    runtime: RuntimeRecord(isPresent: true, hasSwift: true, layout: name),
                    unreadFiles: [name], obstacle: name)
            ], .table)
        #expect(page.utf8.count { $0 == UInt8(ascii: "\n") } == 2)
        let forbidden = Set(HostileNamesTests.scalars).subtracting(["\n"])
        #expect(page.unicodeScalars.allSatisfy { !forbidden.contains($0) })
    }

    @Test(.enabled(if: JSONRendererTests.canValidate, "needs python3 with jsonschema"))
    func documentsFollowTheSchema() throws {
        let document = Files.scratch("processes.json")
        let empty = Files.scratch("no-processes.json")
        let lines = Files.scratch("processes.ndjson")
        defer { [document, empty, lines].forEach(Files.remove) }
        let hostile = ProcessListing(pid: 1, name: HostileNamesTests.name)
        let processes = Self.processes + [hostile]
        for (path, text) in [
            (document, Self.rendered(processes, .json)), (empty, Self.rendered([], .json)),
            (lines, Self.rendered(processes, .ndjson)),
        ] {
            try #require(Files.write(Array(text.utf8), to: path))
        }
        #expect(
            Files.run(Files.repository + "/scripts/check-schema", document, empty, lines) == 0)
        #expect(
            Self.rendered(processes, .ndjson).utf8.count { $0 == UInt8(ascii: "\n") }
                == processes.count)
    }
}
