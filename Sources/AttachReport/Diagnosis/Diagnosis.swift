/// What a snapshot shows: who waits for whom, and what is wrong.
public struct Diagnosis: Sendable {
    /// Who waits for whom.
    public let edges: [Edge]
    /// What is wrong, the most telling first.
    public let findings: [Finding]
    /// Whether something would become surer by a second look (`Stillness`).
    public let wantsSecondLook: Bool

    /// Draws the conclusions. Takes time linear in the size of the snapshot.
    public init(of snapshot: Snapshot) {
        edges = []
        findings = []
        wantsSecondLook = false
    }
}
