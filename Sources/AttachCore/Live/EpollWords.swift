/// What the epolls of a process hold for it: the data of the events that they wait for, which they
/// will hand back one day. No memory of the process holds it.
///
/// The kernel makes a text of each epoll's members, and as long as that takes nobody can use the
/// epoll. That may be long, so it is not done while the process stands, but before the stop and
/// after it: what was there at either time may have been there in between, and where both times
/// differ, something else may have been as well.
struct EpollWords {
    /// The data of all members.
    private(set) var words: Set<UInt64> = []
    /// Why there may be more; nil where there is not.
    private(set) var incompleteBecause: String?

    /// Nanoseconds after which no further epoll is read.
    private static let patience: Int64 = 100_000_000
    /// A pointer may bear marks in its outer bits.
    private static let addressBits: UInt64 = 0x0000_ffff_ffff_fff0
    /// Bytes of all texts together, some seventy for each member.
    private static let limit = 4 << 20

    init(words: Set<UInt64>, incompleteBecause: String? = nil) {
        self.words = words
        self.incompleteBecause = incompleteBecause
    }

    /// Reads them, while the process runs.
    ///
    /// - Parameter epolls: their descriptors.
    init(_ directory: borrowing ProcessDirectory, thread: Int32, epolls: [Int32]) {
        let deadline = Clock.monotonic() + Self.patience
        var left = Self.limit
        for number in epolls {
            guard left > 0, Clock.monotonic() < deadline else {
                incompleteBecause = "its epolls have too many members to be read"
                return
            }
            let path = "task/\(thread)/fdinfo/\(number)"
            guard let bytes = try? directory.contents(of: path, limit: left) else {
                incompleteBecause = "what an epoll waits for could not be read"
                continue
            }
            left -= bytes.count
            words.formUnion(KernelReferences.eventData(bytes))
        }
        if left <= 0 { incompleteBecause = "its epolls have too many members to be read" }
    }

    /// Those that may be addresses of memory that the process writes, in order. The others, such
    /// as numbers of descriptors, come and go all the time on a busy server, and do not matter.
    ///
    /// - Parameter mappings: by address.
    func addresses(in mappings: [Mapping]) -> [UInt64] {
        let writable = mappings.filter(\.holdsState)
        let starts = writable.map(\.start)
        return words.filter { word in
            let address = word & Self.addressBits
            let next = starts.partitioningIndex { $0 >= address }
            if next < starts.count, starts[next] == address { return true }
            return next > 0 && address < writable[next - 1].end
        }.sorted()
    }
}

extension KernelReferences {
    /// Adds what the epolls hold.
    mutating func add(_ before: EpollWords, _ after: EpollWords, in mappings: [Mapping]) {
        let (old, new) = (before.addresses(in: mappings), after.addresses(in: mappings))
        words += Set(old).union(new).sorted()
        let reason = before.incompleteBecause ?? after.incompleteBecause
        if let reason { incompleteBecause = reason }
        if old != new, incompleteBecause == nil {
            incompleteBecause = "what its epolls wait for changed while it was being stopped"
        }
    }
}
