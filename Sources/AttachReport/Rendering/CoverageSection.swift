extension TextPage {
    /// Writes how complete the picture is, and what is missing from it.
    mutating func write(coverageOf snapshot: Snapshot) {
        let coverage = snapshot.coverage
        var parts: [PageText] = []
        if snapshot.runtime.isPresent {
            let tasks = PageText(coverage.tasksFound, "task", "tasks")
            parts.append(
                coverage.bytesSearched == 0
                    ? tasks : "\(tasks) found in \(PageText(byteCount: coverage.bytesSearched))")
        }
        if coverage.helpersFolded > 0 {
            let helpers = PageText(coverage.helpersFolded, "timer helper", "timer helpers")
            parts.append("\(helpers) folded")
        }
        if coverage.rejected > 0 {
            parts.append("\(PageText(coverage.rejected, "candidate", "candidates")) rejected")
        }
        parts.append(
            coverage.gaps.isEmpty
                ? "nothing missing" : PageText(coverage.gaps.count, "gap", "gaps"))
        if let stillness = snapshot.stillness {
            let tasks = PageText(stillness.tasks.count, "task", "tasks")
            let threads = PageText(stillness.threads.count, "thread", "threads")
            parts.append(
                """
                watched for \(PageText(nanoseconds: stillness.nanoseconds)): \(tasks) and \(threads) \
                have not moved
                """)
        }
        flow(
            "coverage: \(PageText.joined(parts, separator: "; "))", .quiet,
            indent: TextLayout.entry)
        endLine()
        write(imagesWithoutNamesIn: snapshot.images)

        let shown = options.showAll ? coverage.gaps.count : TextLayout.mostGaps
        for gap in coverage.gaps.prefix(shown) {
            tab(to: TextLayout.entry, gap: 0)
            flow("missing: \(words(for: gap))", indent: TextLayout.finding)
            endLine()
        }
        let rest = coverage.gaps.dropFirst(shown)
        guard !rest.isEmpty else { return }
        line(
            "missing: \(rest.count) more (\(Self.census(of: rest)))", indent: TextLayout.entry)
    }

    /// Writes which files to look up the offsets in that stand where a name is missing: whoever
    /// has one with that build ID and its symbols can still tell the names.
    private mutating func write(imagesWithoutNamesIn images: [ImageRecord]) {
        let unnamed = images.filter { imagesWithoutNames.contains($0.name) }
        let shown = options.showAll ? unnamed.count : TextLayout.mostGaps
        for image in unnamed.prefix(shown) {
            let identity: PageText = image.buildID.map { "build ID \($0)" } ?? "no build ID"
            line("no names in \(image.name), \(identity)", .quiet, indent: TextLayout.entry)
        }
        let rest = unnamed.count - min(shown, unnamed.count)
        guard rest > 0 else { return }
        line(
            "no names in \(PageText(rest, "more file", "more files"))", .quiet,
            indent: TextLayout.entry)
    }

    private func words(for gap: Gap) -> PageText {
        var text: PageText = "\(gap.subject.phrase)"
        if let bytes = gap.bytes { text += ", \(PageText(byteCount: bytes))" }
        if let address = gap.address, options.verbose { text += " at \(address)" }
        text += ": \(Self.words(for: gap.reason))"
        if let detail = gap.detail { text += " (\(detail))" }
        return text
    }

    private static func census(of gaps: ArraySlice<Gap>) -> PageText {
        var counts: [Gap.Reason: Int] = [:]
        for gap in gaps { counts[gap.reason, default: 0] += 1 }
        let sorted = counts.sorted {
            ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
        }
        let parts = sorted.map { "\(Self.words(for: $0.key)): \($0.value)" as PageText }
        return PageText.joined(parts, separator: "; ")
    }

    private static func words(for reason: Gap.Reason) -> PageText {
        switch reason {
        case .unmapped: "nothing is mapped there"
        case .shortRead: "the kernel gave fewer bytes than asked for"
        case .cycle: "it leads back into itself"
        case .limit: "more than is followed"
        case .budget: "the memory or time allowed was used up"
        case .unknownLayout: "a runtime layout that is not known"
        case .noSymbols: "no symbols"
        case .notStopped: "did not stop in time"
        case .inconsistent: "the bytes make no sense"
        }
    }
}
