import CSearch

/// What was found of Swift objects in one pass over the captured memory: actors, and jobs that are
/// no tasks.
struct ObjectCensus {
    /// Actors of every class, by address.
    private(set) var actors: [UInt64] = []
    /// Jobs that are no tasks, by address.
    private(set) var jobs: [UInt64] = []
    /// The classes met.
    private(set) var classes: [UInt64: ActorClass] = [:]
    /// Whether the pass ended early, memory being full of what looks like objects.
    private(set) var isCut = false

    /// The most objects of each sort that are kept.
    static let limit = 2_000_000
    /// The most class pointers that are looked behind. Real programs have some thousands of
    /// classes; every one of them is looked at about once.
    private static let lookLimit = 20_000_000
    private static let hitsAtOnce = 2048

    private var rejected = [UInt64](repeating: 0, count: ObjectSlot.count)
    private var looks = 0
    private let counts = cs_reference_counts(ReferenceCounts.Masks.self)
    private let jobISA: UInt64
    private let layouts: [DefaultActor.Layout]

    /// Goes through the memory that the target could write.
    ///
    /// - Parameters:
    ///   - jobISA: The class of jobs that are no tasks; 0 where it is not known.
    ///   - layouts: How default actors may lie in memory.
    init(_ reader: inout WordReader, jobISA: UInt64, layouts: [DefaultActor.Layout]) {
        self.jobISA = jobISA
        self.layouts = layouts
        for segment in reader.memory.segments where segment.isCaptured && segment.isWritable {
            guard !isCut else { break }
            search(segment, &reader)
        }
        rejected = []
    }

    private mutating func search(_ segment: TargetMemory.Segment, _ reader: inout WordReader) {
        segment.forEachWords(alignedTo: 16) { words, start in
            search(words, at: start, &reader)
            return !isCut
        }
    }

    private mutating func search(
        _ words: Span<UInt64>, at start: UInt64, _ reader: inout WordReader
    ) {
        var hits = [Int](repeating: 0, count: Self.hitsAtOnce)
        var from = 0
        while from < words.count, !isCut {
            let found = words.findObjects(
                from: from, wanted: jobISA, rejected: rejected, counts: counts, into: &hits)
            for index in hits[..<found] {
                take(start &+ UInt64(from + index) &* 8, &reader)
            }
            guard found == hits.count else { return }
            from += hits[found - 1] + 2
        }
    }

    private mutating func take(_ address: UInt64, _ reader: inout WordReader) {
        guard let first = reader.word(address) else { return }
        if first == jobISA {
            isCut = isCut || !Self.keep(address, in: &jobs)
            return
        }
        guard let type = actorClass(first, &reader) else {
            rejected[ObjectSlot.index(of: first)] = first
            return
        }
        if DefaultActor.isPlausible(address, type, layouts, &reader) {
            isCut = isCut || !Self.keep(address, in: &actors)
        }
    }

    private mutating func actorClass(_ isa: UInt64, _ reader: inout WordReader) -> ActorClass? {
        if let type = classes[isa] { return type }
        looks += 1
        if looks > Self.lookLimit { isCut = true }
        let type = ActorClass(isa, &reader)
        if let type { classes[isa] = type }
        return type
    }

    private static func keep(_ address: UInt64, in list: inout [UInt64]) -> Bool {
        guard list.count < limit else { return false }
        list.append(address)
        return true
    }
}

extension cs_reference_counts {
    /// What the search needs to know of reference counts.
    fileprivate init(_ masks: ReferenceCounts.Masks.Type) {
        self.init(
            is_pure: masks.isPure, unowned: masks.unowned,
            unowned_shift: masks.unownedShift, most_unowned: masks.mostUnowned,
            is_deiniting: masks.isDeiniting, is_slow: masks.isSlow,
            side_table: masks.sideTable, immortal: masks.immortal)
    }
}
