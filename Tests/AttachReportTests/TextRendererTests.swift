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

/// Compares `text` with a file in `Golden/`. Set `UPDATE_GOLDEN` to write the files anew, and look
/// at what changed before committing it.
func expectGolden(
    _ text: String, _ name: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
    let path = Files.repository + "/Tests/AttachReportTests/Golden/" + name
    if Files.environment(has: "UPDATE_GOLDEN") {
        #expect(Files.write(Array(text.utf8), to: path), sourceLocation: sourceLocation)
    }
    let golden = Files.read(path).map { String(decoding: $0, as: UTF8.self) }
    #expect(text == golden, sourceLocation: sourceLocation)
}

@Suite struct TextRendererTests {
    @Test(arguments: Story.allCases.filter { $0 != .hostile })
    func page(of story: Story) {
        expectGolden(rendered(story.report), "\(story).txt")
        #expect(rendered(story.report) == rendered(story.report))
    }

    @Test(arguments: View.allCases)
    func page(in view: View) {
        expectGolden(rendered(Story.bank.report, view.options), "bank-\(view).txt")
        expectGolden(rendered(Story.stuck.report, view.options), "stuck-\(view).txt")
    }

    /// Every way of waiting reads as it should, for one task and for two.
    @Test(arguments: [
        (task(1).awaits(7), "waits for task 7", "wait for task 7"),
        (task(1).waitsForContinuation(), "waits for a continuation", "wait for a continuation"),
        (task(1).sleeps(), "sleeps", "sleep"),
        (
            task(1).waitsForStream(), "waits for the next element of a stream",
            "wait for the next element of a stream"
        ),
        (task(1).queued(on: "Bank"), "queued on actor Bank", "queued on actor Bank"),
        (
            task(1).queued(on: nil, at: 0x40), "queued on actor at 0x40",
            "queued on actor at 0x40"
        ),
        (task(1).queuedOnMainActor(), "queued on the main actor", "queued on the main actor"),
        (task(1).queuedOnPool(), "queued on the global pool", "queued on the global pool"),
        (
            task(1).queued(onExecutor: "Loop"), "queued on executor Loop",
            "queued on executor Loop"
        ),
        (task(1).runs(on: 4250), "runs on thread 4250", "run on thread 4250"),
        (task(1).neverStarted(), "created, never started", "created, never started"),
        (task(1).finished(), "finished", "finished"),
        (
            task(1).finished(throwing: "Boom"), "finished with an error (type Boom)",
            "finished with an error (type Boom)"
        ),
        (task(1).finished(throwing: nil), "finished with an error", "finished with an error"),
        (
            task(1).changed { $0.state = .completed }, "finished, how is not known",
            "finished, how is not known"
        ),
    ])
    func activity(of story: TaskStory, one: String, two: String) {
        let twin = story.changed { $0.id = 2 }
        #expect(activities(story) == [one])
        #expect(activities(story, twin) == [two])
    }

    @Test func groupsAreCounted() {
        let main = task(1).waitsForGroup(of: [2, 3, 4])
        let kids = [task(2).finished(), task(3).sleeps(), task(4).waitsForContinuation()]
        let page = rendered(report(tasks: [main] + kids))
        #expect(page.contains("waits for a group with 2 unfinished tasks  (parent of 2-4)"))
        // A child that was not found: what the group itself counts is all there is.
        let torn = rendered(report(tasks: [main, kids[0], kids[1]]))
        #expect(torn.contains("waits for a group with 1 pending task"))
        let gone = rendered(report(tasks: [main]) { $0.groups = [] })
        #expect(gone.contains("waits for a group"))
    }

    @Test func actorsOfOneTypeAreTold() {
        let stories = (1...3).map { task($0).queued(on: "Bank", at: $0 * 64) }
        #expect(activities(stories[0], stories[1], stories[2]) == ["queued on 3 actors Bank"])
        // A name that two actors share does not say which one.
        let page = rendered(
            report(tasks: [stories[0], stories[1].at("a() a.swift:1")]))
        #expect(page.contains("queued on actor Bank at 0x40"))
        #expect(page.contains("queued on actor Bank at 0x80"))
    }

    /// The innermost frame says why a task or thread waits.
    @Test func theInnermostFrameIsNeverFolded() {
        let page = rendered(
            report(threads: [thread(1).at("~swift_wait libc.so.6", "~start_thread libc.so.6")]))
        #expect(page.contains("swift_wait"))
        #expect(!page.contains("start_thread"))
        #expect(page.contains("- folded: 1 runtime frame -"))
    }

    @Test func aWordBeforeTheFirstFrameIsNotTheInnermostFrame() {
        let frames = [Frame(kind: .omitted(3)), place("~swift_wait libc.so.6", .returnAddress)]
        let page = rendered(report(threads: [thread(1).stands(on: frames)]))
        #expect(page.contains("- 3 frames left out -"))
        #expect(page.contains("swift_wait"))
    }

    @Test func everythingIsShownOnRequest() {
        let report = Stories.sleepers(50)
        let page = rendered(report, RenderOptions(showAll: true))
        #expect(page.split(separator: "\n").count { $0.contains("leaf(_:)") } == 50)
    }

    @Test func codeWithSeveralNamesSaysSo() {
        var frame = place("f() a.swift:1", .asyncResumePoint)
        frame.aliases = 2
        let page = rendered(report(tasks: [task(1).sleeps().stands(on: [frame])]))
        #expect(page.contains("f() (or 2 other names)  a.swift:1"))
    }

    /// What the first line of each task says it does.
    private func activities(_ stories: TaskStory...) -> [String] {
        let page = rendered(report(tasks: stories), RenderOptions(sections: .tasks))
        return page.split(separator: "\n").filter { $0.hasPrefix("  ") && $0.utf8.count > 30 }
            .filter { $0.dropFirst(2).first?.isNumber == true }
            .map { String($0.dropFirst(30)) }
    }
}
