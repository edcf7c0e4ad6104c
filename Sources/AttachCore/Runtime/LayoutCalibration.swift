/// Chooses the layout that the tasks at hand prove, so that a wrong one is never used.
struct LayoutCalibration {
    /// How well a layout fits.
    struct Score {
        /// Tasks whose first context lies where the layout says.
        var fits = 0
        /// Tasks whose chain of contexts ends elsewhere.
        var contradictions = 0

        var isProof: Bool { fits > 0 && contradictions * 10 <= fits }
    }

    private static let sampleSize = 512
    private static let chainLimit = 10_000

    /// The first of the likeliest layouts that the candidates prove; nil where none is proven.
    static func choose(
        _ layouts: [RuntimeLayout], candidates: [UInt64], reader: inout WordReader,
        types: inout TypeReader, code: CodeRanges
    ) -> RuntimeLayout? {
        let step = max(1, candidates.count / sampleSize)
        let sample = stride(from: 0, to: candidates.count, by: step).map { candidates[$0] }
        var best: (layout: RuntimeLayout, score: Score)?
        for layout in layouts {
            let score = score(layout, sample, &reader, &types, code)
            if score.isProof, score.fits > best?.score.fits ?? 0 { best = (layout, score) }
        }
        return best?.layout
    }

    private static func score(
        _ layout: RuntimeLayout, _ sample: [UInt64], _ reader: inout WordReader,
        _ types: inout TypeReader, _ code: CodeRanges
    ) -> Score {
        var score = Score()
        var contexts = ContextWalk(limit: chainLimit)
        for address in sample {
            guard
                let task = TaskHeader.validated(
                    address, layout: layout, reader: &reader, types: &types, code: code)
            else { continue }
            // Of a running or completed task the saved context is a leftover.
            guard task.status.isDisjoint(with: [.isRunning, .isComplete]), !task.hasResult,
                !task.isImmortal
            else {
                score.fits += 1
                continue
            }
            switch contexts.root(from: task.context, &reader) {
            // A broken chain says nothing against the first context that was found in its place.
            case task.root, nil: score.fits += 1
            default: score.contradictions += 1
            }
        }
        return score
    }
}
