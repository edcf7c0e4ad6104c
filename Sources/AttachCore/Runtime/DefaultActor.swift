import AttachReport

/// An actor with the runtime's own storage (`DefaultActorImpl`, stdlib/public/Concurrency/Actor.cpp,
/// behind the object's header).
struct DefaultActor {
    /// Where the parts lie.
    struct Layout: Hashable, Sendable {
        /// Whether it is a proxy. Of the word that it lies in, only this byte is ever written.
        let isRemote: UInt64
        /// State, whether it was escalated, priority: 32 bits.
        let flags: UInt64
        /// Jobs that came in.
        let incoming: UInt64
        /// Jobs that whoever drains it has sorted; nil where they follow in the same list, behind
        /// those links that are marked as not sorted.
        let sorted: UInt64?

        /// Since 6.0.
        static let twoLists = Layout(isRemote: 16, flags: 32, incoming: 40, sorted: 64)
        /// From 5.7 to 5.10.
        static let oneList = Layout(isRemote: 32, flags: 16, incoming: 24, sorted: nil)
    }

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

    private static let references: UInt64 = 8
    /// `ActorFlagConstants` (include/swift/ABI/Actor.h): state, whether it was escalated, priority.
    private static let stateMask: UInt32 = 7
    private static let knownFlags: UInt32 = 0xff17
    /// Old runtimes kept marks in the low bits of a link to a job.
    static let jobMask: UInt64 = ~3
    /// `NeedsPreprocessing`: the job has not been sorted.
    static let isUnsortedMark: UInt64 = 1

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
            switch flags & Self.stateMask {
            case 0: .idle
            case 1: .scheduled
            case 2: .running
            case 3: .ending
            default: .unknown
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
            flags & ~knownFlags == 0, flags & stateMask <= 3,
            isTaskPriority(UInt8(truncatingIfNeeded: flags >> 8)),
            let remote = reader.load(address &+ layout.isRemote, as: UInt8.self), remote <= 1,
            actor.incoming & 7 & jobMask == 0, (actor.sorted ?? 0) & 7 & jobMask == 0
        else { return false }
        // A link of an idle actor leads nowhere.
        return flags & stateMask != 0 || (actor.incoming == 0 && (actor.sorted ?? 0) == 0)
    }

    /// Whether the object has not been destroyed. Once somebody refers to it weakly, its counts
    /// lie in a side table (stdlib/public/SwiftShims/swift/shims/RefCount.h): {object, …, counts}.
    static func isAlive(_ address: UInt64, _ reader: inout WordReader) -> Bool {
        guard let counts = reader.word(address, references) else { return false }
        guard counts >> 62 == 3 else { return TaskHeader.isAlive(counts) }
        let table = (counts & (1 << 62 - 1)) << 3
        guard table > 4096, reader.word(table) == address, let counts = reader.word(table, 16)
        else { return false }
        return counts & (1 << 32) == 0 && counts & 0xffff_fffe != 0
    }
}
