extension TextPage {
    /// Writes what is wrong, the most telling first; hints below, a line a kind.
    mutating func write(verdictOf report: Report, index: SnapshotIndex) {
        let findings = report.findings.filter { $0.confidence > .hint }
        let hints = report.findings.filter { $0.confidence == .hint }
        write("VERDICT", .heading)
        if findings.isEmpty {
            flow(Self.healthy(report), gap: 2, indent: TextLayout.entry)
        } else {
            write("  \(Self.census(of: findings))", .alarm)
        }
        endLine()

        let cycles = CycleEdges(report)
        var counts: [Finding.Kind: Int] = [:]
        var left: [(kind: Finding.Kind, count: Int)] = []
        for (number, finding) in findings.enumerated() {
            let count = counts[finding.kind, default: 0] + 1
            counts[finding.kind] = count
            guard options.showAll || count <= TextLayout.mostFindings else {
                if let place = left.firstIndex(where: { $0.kind == finding.kind }) {
                    left[place].count += 1
                } else {
                    left.append((finding.kind, 1))
                }
                continue
            }
            write(finding, number: number + 1, index: index, cycles: cycles)
        }
        for entry in left {
            line(
                "and \(entry.count) more \(entry.kind.rawValue); --all shows them",
                indent: TextLayout.entry)
        }
        write(hints: hints, index: index)
        if !findings.isEmpty {
            var kinds: [Finding.Kind] = []
            for finding in findings where !kinds.contains(finding.kind) {
                kinds.append(finding.kind)
            }
            let commands = kinds.map { "`asyncattach explain \($0.rawValue)`" as PageText }
            paragraph(
                "What this means and how it is mended: \(PageText.joined(commands, separator: ", "))",
                .quiet, indent: TextLayout.entry)
        }
    }

    /// What can be said of a process in which nothing was found.
    private static func healthy(_ report: Report) -> PageText {
        report.snapshot.coverage.gaps.isEmpty
            ? "nothing found that is stuck"
            : "nothing found that is stuck, in what could be read"
    }

    /// `2 problems, 1 note`.
    private static func census(of findings: [Finding]) -> PageText {
        let words: [(Finding.Severity, PageText, PageText)] = [
            (.problem, "problem", "problems"), (.warning, "warning", "warnings"),
            (.note, "note", "notes"),
        ]
        let parts = words.compactMap { severity, one, many -> PageText? in
            let count = findings.reduce(0) { $1.severity == severity ? $0 + 1 : $0 }
            return count > 0 ? PageText(count, one, many) : nil
        }
        return PageText.joined(parts, separator: ", ")
    }

    private mutating func write(
        _ finding: Finding, number: Int, index: SnapshotIndex, cycles: CycleEdges
    ) {
        let indent = TextLayout.finding
        tab(to: TextLayout.entry, gap: 0)
        write("\(number)", .subject)
        tab(to: indent, gap: 1)
        write("\(Explanation.of(finding.kind).label)", .alarm)
        if finding.confidence < .proven { write(" (\(finding.confidence.name))") }
        write("  ")
        let phrases = FindingPhrases(index)
        paragraph(phrases.sentence(finding), indent: indent)
        if finding.kind == .deadlock {
            write(cycle: finding.subjects, edges: cycles, index: index)
        } else if let place = StackReason(finding, index: index) {
            write(place, indent: indent)
        }
        if !finding.affected.isEmpty {
            let census = index.census(of: finding.affected, complete: options.showAll)
            paragraph("stuck behind it: \(census)", indent: indent)
        }
        let shown = options.verbose ? finding.evidence.count : TextLayout.mostEvidence
        for fact in finding.evidence.prefix(shown) {
            tab(to: indent, gap: 0)
            write("- ", .quiet)
            paragraph(phrases.sentence(fact, of: finding), .quiet, indent: indent + 2)
        }
        if finding.evidence.count > shown {
            let more = PageText(finding.evidence.count - shown, "more fact", "more facts")
            line("- \(more) with -v", .quiet, indent: indent)
        }
        paragraph("do: \(phrases.advice(for: finding))", indent: indent)
    }

    private mutating func write(_ reason: StackReason, indent: Int) {
        tab(to: indent + 2, gap: 0)
        var text = reason.function
        if !reason.place.isEmpty { text += "  \(reason.place)" }
        if let callee = reason.callee { text += "  ->  \(callee)" }
        let width = min(TextLayout.paragraph, options.width ?? TextLayout.paragraph)
        write(text.shortened(to: max(24, width - indent - 2)))
        endLine()
    }

    /// Draws a cycle with an arrow back to where it began.
    private mutating func write(cycle: [Subject], edges: CycleEdges, index: SnapshotIndex) {
        guard let first = cycle.first else { return }
        let limit = options.showAll ? cycle.count : TextLayout.mostInCycle
        let names = cycle.map { index.reference(to: $0, verbose: options.verbose) }
        let column = min(names.prefix(limit).map(\.width).max() ?? 0, 40) + 2
        let start = TextLayout.finding + 2
        for (position, subject) in cycle.prefix(limit).enumerated() {
            tab(to: start, gap: 0)
            write(position == 0 ? "+-> " : "|   ", .alarm)
            write(names[position], .subject)
            tab(to: start + 4 + column)
            let next = cycle[(position + 1) % cycle.count]
            write(edges.verb(from: subject, to: next))
            guard let reason = StackReason(subject, index: index) else {
                endLine()
                continue
            }
            let place: PageText = reason.place.isEmpty ? "" : "  \(reason.place)"
            write("  ")
            paragraph("(\(reason.function)\(place))", .quiet, indent: start + 6)
        }
        if cycle.count > limit {
            line("|   \(cycle.count - limit) more", indent: start)
        }
        tab(to: start, gap: 0)
        write("+-- ", .alarm)
        write("back to \(index.reference(to: first, verbose: options.verbose))")
        endLine()
    }

    /// Hints are what a healthy process can show, too, so they take a line a kind.
    private mutating func write(hints: [Finding], index: SnapshotIndex) {
        guard !hints.isEmpty else { return }
        paragraph(
            "hints, which a healthy process can show as well:", .quiet, indent: TextLayout.entry)
        for kind in Finding.Kind.allCases {
            let some = hints.filter { $0.kind == kind }
            guard let first = some.first else { continue }
            let shown = options.showAll || options.verbose ? some : [first]
            for (position, hint) in shown.enumerated() {
                var text: PageText = "\(kind.rawValue): \(FindingPhrases(index).sentence(hint))"
                if position == shown.count - 1, some.count > shown.count {
                    text += " (and \(some.count - shown.count) more)"
                }
                tab(to: TextLayout.finding, gap: 0)
                paragraph(text, .quiet, indent: TextLayout.finding + 2)
            }
        }
    }
}

/// The arrows between the members of the cycles that are drawn.
struct CycleEdges {
    private struct Ends: Hashable {
        let from: Subject
        let to: Subject
    }

    private var kinds: [Ends: Edge.Kind] = [:]

    /// Finds them in one pass over all edges.
    init(_ report: Report) {
        var members: Set<Subject> = []
        for finding in report.findings where finding.kind == .deadlock {
            members.formUnion(finding.subjects)
        }
        guard !members.isEmpty else { return }
        for edge in report.edges where members.contains(edge.from) && members.contains(edge.to) {
            let ends = Ends(from: edge.from, to: edge.to)
            if kinds[ends] == nil { kinds[ends] = edge.kind }
        }
    }

    /// What the first does with the second.
    func verb(from: Subject, to: Subject) -> PageText {
        kinds[Ends(from: from, to: to)]?.verb ?? "waits for"
    }
}
