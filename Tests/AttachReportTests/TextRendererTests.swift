import AttachReport
import Testing

/// The page or document that a renderer makes of a report.
func rendered(
    _ report: Report, by renderer: some Renderer = TextRenderer(),
    _ options: RenderOptions = RenderOptions()
) -> String {
    var sink = ByteArraySink()
    renderer.render(report, options: options, into: &sink)
    return sink.text
}

@Suite struct TextRendererTests {
    /// Whole pages, compared with files. Set `UPDATE_GOLDEN` to write the files anew, and look
    /// at what changed before committing it.
    @Test(arguments: GoldenPage.allCases)
    func page(_ golden: GoldenPage) {
        let page = rendered(golden.report, golden.options)
        let path = Files.repository + "/Tests/AttachReportTests/Golden/" + golden.rawValue + ".txt"
        if Files.environment(has: "UPDATE_GOLDEN") {
            #expect(Files.write(Array(page.utf8), to: path))
        }
        #expect(page == Files.read(path).map { String(decoding: $0, as: UTF8.self) })
        #expect(page == rendered(golden.report, golden.options))
    }
}

/// The pages that lie in `Golden/`.
enum GoldenPage: String, CaseIterable, Sendable {
    case bank, bankAll, bankVerbose, bankColor, bankNarrow, bankTasks, torn, plain, empty, deep
    case sleepers

    var report: Report {
        switch self {
        case .bank, .bankAll, .bankVerbose, .bankColor, .bankNarrow, .bankTasks: Stories.bank
        case .torn: Stories.torn
        case .plain: Stories.plain
        case .empty: Stories.empty
        case .deep: Stories.deep
        case .sleepers: Stories.sleepers(3_000)
        }
    }

    var options: RenderOptions {
        switch self {
        case .bankAll: RenderOptions(showAll: true)
        case .bankVerbose: RenderOptions(verbose: true)
        case .bankColor: RenderOptions(color: true)
        case .bankNarrow: RenderOptions(width: 44)
        case .bankTasks: RenderOptions(sections: .tasks)
        default: RenderOptions()
        }
    }
}
