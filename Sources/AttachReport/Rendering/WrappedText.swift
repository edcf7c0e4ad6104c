/// Breaks sentences into lines.
enum WrappedText {
    /// Lines of at most `width` columns, the first one of at most `first`, broken at spaces. A
    /// word that is wider than that keeps a line to itself.
    static func lines(of text: String, width: Int, first: Int? = nil) -> [String] {
        var lines: [String] = []
        var line = ""
        var used = 0
        var limit = first ?? width
        for word in text.split(separator: " ") {
            let columns = word.utf8.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
            if used > 0 || limit < width, used + (used > 0 ? 1 : 0) + columns > limit {
                lines.append(line)
                line = ""
                used = 0
                limit = width
            }
            if used > 0 {
                line += " "
                used += 1
            }
            line += word
            used += columns
        }
        lines.append(line)
        return lines
    }

    /// Paragraphs, separated by empty lines, each broken into lines of at most `width` columns
    /// that begin `indent` columns in.
    static func paragraphs(_ text: String, width: Int, indent: Int) -> String {
        var result = ""
        var paragraph = ""
        func end() {
            guard !paragraph.isEmpty else { return }
            if !result.isEmpty { result += "\n" }
            for line in lines(of: paragraph, width: width - indent) {
                result += String(repeating: " ", count: indent) + line + "\n"
            }
            paragraph = ""
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                end()
            } else {
                paragraph += paragraph.isEmpty ? String(line) : " " + line
            }
        }
        end()
        return result
    }
}
