import AttachReport

/// Collects what could not be read; of many gaps of one kind it keeps the first and the number.
struct GapLog {
    /// Gaps kept of each kind.
    private static let keptOfAKind = 20

    private var kept: [Gap] = []
    private var counts: [Key: Int] = [:]

    private struct Key: Hashable {
        var subject: String
        var reason: Gap.Reason
    }

    /// Notes a gap. `subject` is what gaps are counted by, e.g. `context chain`; `of` says whose.
    mutating func add(
        _ subject: String, of owner: @autoclosure () -> String? = nil, at address: UInt64? = nil,
        _ reason: Gap.Reason, _ detail: @autoclosure () -> String? = nil
    ) {
        let key = Key(subject: subject, reason: reason)
        let count = (counts[key] ?? 0) + 1
        counts[key] = count
        guard count <= Self.keptOfAKind else { return }
        let what = owner().map { "\(subject) of \($0)" } ?? subject
        kept.append(
            Gap(what: what, address: address.map(Address.init), reason: reason, detail: detail()))
    }

    /// Everything noted, in order, and how many more there were.
    var gaps: [Gap] {
        let more = counts.filter { $0.value > Self.keptOfAKind }.map {
            Gap(
                what: $0.key.subject, reason: $0.key.reason,
                detail: "\($0.value - Self.keptOfAKind) more of these")
        }
        return kept + more.sorted { ($0.what, $0.reason.rawValue) < ($1.what, $1.reason.rawValue) }
    }
}
