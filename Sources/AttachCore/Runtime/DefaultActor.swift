import AttachReport

/// An actor with the runtime's own storage (`DefaultActorImpl`, stdlib/public/Concurrency/Actor.cpp,
/// behind the object's header). Offsets are those of 6.1 to 6.3.
struct DefaultActor {
    /// Where the object lies.
    let address: UInt64
    /// What it is doing.
    let state: ActorRecord.State
    /// Whether it is the proxy of a distributed actor elsewhere.
    let isRemote: Bool
    /// Head of the jobs that were sorted by whoever drained it last.
    let sorted: UInt64
    /// Head of the jobs that came after, newest first.
    let incoming: UInt64

    private static let references: UInt64 = 8
    /// Of the word that it lies in, only this byte is ever written.
    private static let isRemote: UInt64 = 16
    private static let flags: UInt64 = 32
    private static let incoming: UInt64 = 40
    private static let sorted: UInt64 = 64
    /// `ActorFlagConstants` (include/swift/ABI/Actor.h): state, whether it was escalated, priority.
    private static let stateMask: UInt32 = 7
    private static let knownFlags: UInt32 = 0xff17
    /// Old runtimes kept marks in the low bits of a link to a job.
    private static let jobMask: UInt64 = ~3

    /// Reads the storage of the actor at `address`; nil where it is not there.
    init?(_ address: UInt64, _ reader: inout WordReader) {
        guard address & 7 == 0, let flags = reader.half(address &+ Self.flags),
            let incoming = reader.word(address, Self.incoming),
            let sorted = reader.word(address, Self.sorted),
            let remote = reader.load(address &+ Self.isRemote, as: UInt8.self)
        else { return nil }
        self.address = address
        self.incoming = incoming & Self.jobMask
        self.sorted = sorted & Self.jobMask
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
        _ address: UInt64, _ type: ActorClass, _ reader: inout WordReader
    ) -> Bool {
        guard isAlive(address, &reader) else { return false }
        guard type.isDefault else { return true }
        guard let flags = reader.half(address &+ flags),
            flags & ~knownFlags == 0, flags & stateMask <= 3,
            isTaskPriority(UInt8(truncatingIfNeeded: flags >> 8)),
            let remote = reader.load(address &+ isRemote, as: UInt8.self), remote <= 1,
            let first = reader.word(address, incoming), first & 7 & jobMask == 0,
            let other = reader.word(address, sorted), other & 7 & jobMask == 0
        else { return false }
        // A link of an idle actor leads nowhere.
        return flags & stateMask != 0 || (first == 0 && other == 0)
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
