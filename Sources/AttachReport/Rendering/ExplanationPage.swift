/// What a kind of finding means, for a person who reads it in a terminal of 80 columns.
public enum ExplanationPage {
    private static let width = 80

    /// The page on one kind.
    public static func page(on kind: Finding.Kind) -> String {
        let explanation = Explanation.of(kind)
        var page = "\(kind.rawValue)   \(explanation.title)\n\n"
        page += WrappedText.paragraphs(explanation.meaning, width: width, indent: 2)
        page += "\nHow to make sure\n\n"
        page += WrappedText.paragraphs(explanation.makingSure, width: width, indent: 2)
        page += "\nHow it is usually mended\n\n"
        page += WrappedText.paragraphs(explanation.mending, width: width, indent: 2)
        return page
    }

    /// All kinds, a line each.
    public static func list() -> String {
        let column = (Finding.Kind.allCases.map(\.rawValue.utf8.count).max() ?? 0) + 2
        return Finding.Kind.allCases.map { kind in
            let gap = String(repeating: " ", count: column - kind.rawValue.utf8.count)
            return kind.rawValue + gap + Explanation.of(kind).title + "\n"
        }.joined()
    }
}
