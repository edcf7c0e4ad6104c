/// Finds what somebody may have meant.
enum Similarity {
    /// Longer words are not compared: the cost is that of their product.
    private static let longest = 64

    /// The candidate that takes the fewest changes to become `word`, if those are few: a third of
    /// its letters at most, or none but capitals, or an ending that is missing.
    static func nearest(to word: String, of candidates: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().utf8.prefix(longest + 1))
        guard !wanted.isEmpty, wanted.count <= longest else { return nil }
        var best: (distance: Int, name: String)?
        for name in candidates where name != word {
            let letters = Array(name.lowercased().utf8.prefix(longest + 1))
            guard !letters.isEmpty, letters.count <= longest else { continue }
            let isBeginning = wanted.count >= 3 && letters.starts(with: wanted)
            let distance = isBeginning ? 1 : distance(wanted, letters)
            guard distance <= max(1, wanted.count / 3), distance < wanted.count else { continue }
            if best.map({ (distance, name) < ($0.distance, $0.name) }) ?? true {
                best = (distance, name)
            }
        }
        return best?.name
    }

    /// How many letters must be put in, taken out or replaced (Levenshtein).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let replaced = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[right.count]
    }
}
