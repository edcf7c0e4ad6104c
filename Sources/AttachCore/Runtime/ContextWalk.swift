/// The way from one async context outward to the root, by what each says of its caller.
struct ContextWalk {
    /// What a step came to.
    enum Step {
        /// A context, and that of its caller; 0 for the root.
        case context(UInt64, parent: UInt64)
        /// A context that may not be looked at.
        case stopped(BoundedWalk.Stop, UInt64)
        /// Something that is no context.
        case unreadable(UInt64)
    }

    private var walk: BoundedWalk
    private var context: UInt64 = 0

    /// Ways of at most `limit` contexts each and `total` together.
    init(limit: Int, total: Int = .max) { walk = BoundedWalk(limit: limit, total: total) }

    /// Begins at a context.
    @inline(__always)
    mutating func start(at context: UInt64) {
        walk.restart()
        self.context = context
    }

    /// The next context. Not to be asked behind the root.
    @inline(__always)
    mutating func next(_ reader: inout WordReader) -> Step {
        let place = context
        if let stop = walk.step(to: place) { return .stopped(stop, place) }
        guard place & AsyncContextLayout.alignmentMask == 0,
            let parent = reader.word(place, AsyncContextLayout.parent)
        else { return .unreadable(place) }
        context = parent
        return .context(place, parent: parent)
    }

    /// The outermost context; nil where the way does not lead there.
    @inline(__always)
    mutating func root(from context: UInt64, _ reader: inout WordReader) -> UInt64? {
        start(at: context)
        while case .context(let place, let parent) = next(&reader) {
            if parent == 0 { return place }
        }
        return nil
    }
}
