import AttachReport

/// Collects what could not be read; of many gaps of one kind it keeps the first and the number.
struct GapLog {
    /// Gaps kept of each kind.
    private static let keptOfAKind = 20

    private var kept: [Gap] = []
    private var counts: [Key: Int] = [:]

    private struct Key: Hashable {
        /// Of a task's part, without the task.
        var subject: Gap.Subject
        var reason: Gap.Reason
    }

    /// Notes that a part of a task is missing.
    mutating func add(
        _ part: Gap.TaskPart, ofTask id: UInt64, at address: UInt64? = nil,
        _ reason: Gap.Reason, _ detail: @autoclosure () -> String? = nil
    ) {
        add(.task(part, of: id), as: .task(part, of: nil), at: address, reason, detail())
    }

    /// Notes a gap.
    mutating func add(
        _ subject: Gap.Subject, at address: UInt64? = nil, _ reason: Gap.Reason,
        _ detail: @autoclosure () -> String? = nil
    ) {
        add(subject, as: subject, at: address, reason, detail())
    }

    private mutating func add(
        _ subject: Gap.Subject, as kind: Gap.Subject, at address: UInt64?, _ reason: Gap.Reason,
        _ detail: @autoclosure () -> String?
    ) {
        let key = Key(subject: kind, reason: reason)
        let count = (counts[key] ?? 0) + 1
        counts[key] = count
        guard count <= Self.keptOfAKind else { return }
        kept.append(
            Gap(subject, address: address.map(Address.init), reason: reason, detail: detail()))
    }

    /// Everything noted, in order, and how many more there were.
    var gaps: [Gap] {
        let more = counts.filter { $0.value > Self.keptOfAKind }.map {
            Gap(
                $0.key.subject, reason: $0.key.reason,
                detail: "\($0.value - Self.keptOfAKind) more of these")
        }
        return kept
            + more.sorted {
                ($0.subject.phrase, $0.reason.rawValue) < ($1.subject.phrase, $1.reason.rawValue)
            }
    }
}
