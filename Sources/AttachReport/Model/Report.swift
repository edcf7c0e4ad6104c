/// A snapshot with what is needed to write it down.
public struct Report: Sendable {
    /// The version of the tool that made it.
    public var toolVersion: String
    /// The picture.
    public var snapshot: Snapshot

    /// Memberwise.
    public init(toolVersion: String, snapshot: Snapshot) {
        self.toolVersion = toolVersion
        self.snapshot = snapshot
    }
}
