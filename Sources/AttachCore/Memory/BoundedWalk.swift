/// The one way to follow pointers of the target from object to object.
///
/// It remembers what was visited and how far it went, so that no list, however torn or hostile,
/// can keep us for ever. Its storage is used again after `restart()`: a walk costs no allocation.
struct BoundedWalk {
    /// Why a walk may not go on.
    enum Stop: Hashable {
        /// The address was visited before.
        case cycle
        /// As many steps as allowed have been made.
        case limit
        /// All walks together have made as many steps as allowed.
        case exhausted
    }

    /// The most steps a walk may have.
    let limit: Int
    /// Steps that this walk and those after it may still have.
    private(set) var remaining: Int
    /// Steps made since the start.
    private(set) var count = 0
    private var recent: [UInt64] = []
    private var older: Set<UInt64> = []

    /// Short lists are searched one by one; beyond this many a set is faster.
    private static let fewEnough = 24

    /// Walks of at most `limit` steps each and `total` together: a million lists may share one
    /// long end.
    init(limit: Int, total: Int = .max) {
        self.limit = limit
        remaining = total
    }

    /// Starts anew.
    @inline(__always)
    mutating func restart() {
        count = 0
        recent.removeAll(keepingCapacity: true)
        if !older.isEmpty { older.removeAll(keepingCapacity: older.count < 65_536) }
    }

    /// Makes a step to `address`; nil when that is allowed.
    @inline(__always)
    mutating func step(to address: UInt64) -> Stop? {
        guard count < limit else { return .limit }
        guard remaining > 0 else { return .exhausted }
        count += 1
        remaining -= 1
        guard recent.count >= Self.fewEnough else {
            if recent.contains(address) { return .cycle }
            recent.append(address)
            return nil
        }
        return stepFar(to: address)
    }

    private mutating func stepFar(to address: UInt64) -> Stop? {
        if older.isEmpty { older.formUnion(recent) }
        return older.insert(address).inserted ? nil : .cycle
    }
}
