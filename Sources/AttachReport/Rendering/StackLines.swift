extension TextPage {
    /// Writes a stack: a line for each frame, innermost first, function left and place right.
    mutating func write(stack frames: [Frame], emptyMeans reason: PageText?) {
        guard !frames.isEmpty else {
            if let reason { note(reason) }
            return
        }
        let lines = shortened(lines(of: frames))
        imagesWithoutNames.formUnion(lines.compactMap(\.unnamedIn))
        var available = TextLayout.widestFunction
        if let width = options.width {
            let places = lines.map { $0.place.isEmpty ? 0 : $0.place.width + 2 }.max() ?? 0
            available = max(24, width - TextLayout.frame - addressColumns - places)
        }
        let functions = lines.lazy.filter { !$0.isNote }.map(\.function.width)
        let column = min(functions.max() ?? 0, available, TextLayout.widestFunction)
        for line in lines {
            guard !line.isNote else {
                note(line.function)
                continue
            }
            tab(to: TextLayout.frame, gap: 0)
            if options.verbose {
                write(line.address, .quiet)
                tab(to: TextLayout.frame + addressColumns, gap: 1)
            }
            let function =
                options.width == nil ? line.function : line.function.shortened(to: available)
            write(function, line.isFolded ? .quiet : .plain)
            if !line.place.isEmpty {
                tab(to: TextLayout.frame + addressColumns + column + 2)
                write(line.place, .quiet)
            }
            endLine()
        }
    }

    /// Something said about a stack between or after its frames.
    private mutating func note(_ text: PageText) {
        line("- \(text) -", .quiet, indent: TextLayout.frame - 2)
    }

    /// Room for `0x` and twelve digits, which is all that user space has on x86-64, and a space.
    private var addressColumns: Int { options.verbose ? 15 : 0 }

    private struct Line: Equatable {
        var function: PageText
        var place = PageText()
        var address = PageText()
        var isNote = false
        var isFolded = false
        /// The image whose symbols should have told the function's name.
        var unnamedIn: String?
    }

    private func lines(of frames: [Frame]) -> [Line] {
        var lines: [Line] = []
        var folded: [Frame.Folding: Int] = [:]
        var repeats = 0
        var sawFrame = false
        var previousWasNative = false

        func endRepeats() {
            guard repeats > 0 else { return }
            let times = PageText(repeats, "more time", "more times")
            lines.append(Line(function: "the same frame \(times)", isNote: true))
            repeats = 0
        }

        for frame in frames {
            switch frame.kind {
            case .omitted(let count):
                endRepeats()
                let what = PageText(count, "frame", "frames")
                lines.append(Line(function: "\(what) left out", isNote: true))
                continue
            case .stopped(let reason):
                endRepeats()
                lines.append(Line(function: "the stack ends here: \(reason)", isNote: true))
                continue
            case .asyncResumePoint:
                if previousWasNative {
                    endRepeats()
                    lines.append(Line(function: "async callers", isNote: true))
                }
                previousWasNative = false
            case .programCounter, .returnAddress:
                previousWasNative = true
            case .inlined:
                break
            }
            // The innermost frame carries the reason of a wait, so it is shown whatever it is.
            if let folding = frame.folding, sawFrame, !options.showAll {
                folded[folding, default: 0] += 1
                continue
            }
            sawFrame = true
            let line = self.line(of: frame)
            if line == lines.last && !options.showAll {
                repeats += 1
            } else {
                endRepeats()
                lines.append(line)
            }
        }
        endRepeats()
        dropHeadingOfNothing(&lines)
        if let summary = summary(of: folded) {
            lines.append(Line(function: "folded: \(summary)", isNote: true))
        }
        return lines
    }

    /// The heading before async callers says nothing where all of them are folded.
    private func dropHeadingOfNothing(_ lines: inout [Line]) {
        if let last = lines.last, last.isNote, last.function == "async callers" {
            lines.removeLast()
        }
    }

    private func summary(of folded: [Frame.Folding: Int]) -> PageText? {
        var parts: [PageText] = []
        if let count = folded[.runtime] {
            parts.append(PageText(count, "runtime frame", "runtime frames"))
        }
        if let count = folded[.thunk] { parts.append(PageText(count, "thunk", "thunks")) }
        return parts.isEmpty ? nil : PageText.joined(parts, separator: ", ")
    }

    /// The head and the tail of a stack too long for a page.
    private func shortened(_ lines: [Line]) -> [Line] {
        guard !options.showAll, lines.count > TextLayout.longestStack else { return lines }
        let head = TextLayout.longestStack - TextLayout.outerEnd - 1
        let left = lines.count - head - TextLayout.outerEnd
        let note = Line(function: "\(left) lines left out, --all shows them", isNote: true)
        return lines.prefix(head) + [note] + lines.suffix(TextLayout.outerEnd)
    }

    private func line(of frame: Frame) -> Line {
        var line = Line(function: "(no symbol)")
        if let name = frame.function ?? frame.symbol {
            line.function = "\(name)"
        } else {
            line.unnamedIn = frame.image
        }
        if frame.aliases > 0 {
            // The linker gave equal code one address: which of the names was called is gone.
            let names = PageText(frame.aliases, "other name", "other names")
            line.function += " (or \(names))"
        }
        line.place = place(of: frame)
        if frame.kind == .inlined { line.place += line.place.isEmpty ? "[inlined]" : " [inlined]" }
        if let address = frame.address { line.address = "\(address)" }
        line.isFolded = frame.folding != nil
        return line
    }

    /// The line of source; without one, the image.
    private func place(of frame: Frame) -> PageText {
        if let location = frame.location {
            let file =
                options.verbose ? location.file : location.file.lastPathComponent
            guard location.line > 0 else { return "\(file)" }
            if options.verbose, let column = location.column, column > 0 {
                return "\(file):\(location.line):\(column)"
            }
            return "\(file):\(location.line)"
        }
        let isNamed = frame.function != nil || frame.symbol != nil
        if let image = frame.image {
            guard !isNamed || options.verbose, let offset = frame.imageOffset else {
                return "\(image)"
            }
            return "\(image)+\(Address(offset))"
        }
        if let address = frame.address, !options.verbose { return "\(address), in no image" }
        return frame.address == nil ? "" : "in no image"
    }
}
