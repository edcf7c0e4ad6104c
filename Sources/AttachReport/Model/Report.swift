/// A snapshot with what is needed to write it down.
public struct Report: Sendable, Codable {
    /// The version of the tool that made it.
    public var toolVersion: String
    /// The picture.
    public var snapshot: Snapshot
    /// Who waits for whom.
    public var edges: [Edge]
    /// What is wrong, the most telling first.
    public var findings: [Finding]

    /// Memberwise.
    public init(
        toolVersion: String, snapshot: Snapshot, edges: [Edge] = [], findings: [Finding] = []
    ) {
        self.toolVersion = toolVersion
        self.snapshot = snapshot
        self.edges = edges
        self.findings = findings
    }
}
