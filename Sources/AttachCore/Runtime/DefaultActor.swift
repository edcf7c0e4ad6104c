import AttachReport

/// An actor with the runtime's own storage (`DefaultActorImpl`, stdlib/public/Concurrency/Actor.cpp,
/// behind the object's header).
struct DefaultActor {
    /// Where the parts lie.
    typealias Layout = DefaultActorLayout

    /// Where the object lies.
    let address: UInt64
    /// What it is doing.
    let state: ActorRecord.State
    /// Whether it is the proxy of a distributed actor elsewhere.
    let isRemote: Bool
    /// Link to the jobs that were sorted by whoever drained it last; nil where they follow those
    /// that came after.
    let sorted: UInt64?
    /// Link to the jobs that came after, newest first.
    let incoming: UInt64

    /// Reads the storage of the actor at `address`; nil where it is not there.
    init?(_ address: UInt64, _ layout: Layout, _ reader: inout WordReader) {
        guard address & 7 == 0, let flags = reader.half(address &+ layout.flags),
            let incoming = reader.word(address, layout.incoming),
            let remote = reader.load(address &+ layout.isRemote, as: UInt8.self)
        else { return nil }
        if let place = layout.sorted {
            guard let sorted = reader.word(address, place) else { return nil }
            self.sorted = sorted
        } else {
            sorted = nil
        }
        self.address = address
        self.incoming = incoming
        isRemote = remote == 1
        state =
            switch Layout.State(rawValue: flags & Layout.stateMask) {
            case .idle?: .idle
            case .scheduled?: .scheduled
            case .running?: .running
            case .ending?: .ending
            case nil: .unknown
            }
    }

    /// Whether an object that looks like an actor holds what an actor holds. That of another kind
    /// has nothing to check.
    static func isPlausible(
        _ address: UInt64, _ type: ActorClass, _ layouts: [Layout], _ reader: inout WordReader
    ) -> Bool {
        guard isAlive(address, &reader) else { return false }
        guard type.isDefault else { return true }
        return layouts.contains { isPlausible(address, $0, &reader) }
    }

    private static func isPlausible(
        _ address: UInt64, _ layout: Layout, _ reader: inout WordReader
    ) -> Bool {
        guard let actor = DefaultActor(address, layout, &reader),
            let flags = reader.half(address &+ layout.flags),
            flags & ~Layout.knownFlags == 0,
            let state = Layout.State(rawValue: flags & Layout.stateMask),
            isTaskPriority(UInt8(truncatingIfNeeded: flags >> Layout.priorityShift)),
            let remote = reader.load(address &+ layout.isRemote, as: UInt8.self), remote <= 1,
            actor.incoming & 7 & Layout.jobMask == 0,
            (actor.sorted ?? 0) & 7 & Layout.jobMask == 0
        else { return false }
        // A link of an idle actor leads nowhere.
        return state != .idle || (actor.incoming == 0 && (actor.sorted ?? 0) == 0)
    }

    /// Whether the object has not been destroyed. Once somebody refers to it weakly, its counts
    /// lie in a side table.
    static func isAlive(_ address: UInt64, _ reader: inout WordReader) -> Bool {
        guard let word = reader.word(address, ObjectLayout.references) else { return false }
        let counts = ReferenceCounts(word)
        guard let table = counts.sideTable else { return counts.isAlive }
        guard table > 4096,
            reader.word(table, ReferenceCounts.objectInSideTable) == address,
            let word = reader.word(table, ReferenceCounts.countsInSideTable)
        else { return false }
        return ReferenceCounts(word).isAlive
    }
}
