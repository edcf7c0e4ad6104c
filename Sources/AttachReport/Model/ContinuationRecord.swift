/// The continuation that a suspended task waits in, and who could still resume it.
public struct ContinuationRecord: Hashable, Sendable, Codable {
    /// Who refers to it.
    public enum Reach: Hashable, Sendable, Codable {
        /// Something that is still in use refers to it: a few of those that do, never none.
        case held(by: [Holder])
        /// Nothing in use refers to it: nobody can resume it. So many bytes were searched.
        case nowhere(bytesSearched: UInt64)
        /// It could not be told, for this reason.
        case unknown(String)
    }

    /// Whether it is a checked one; nil where that could not be told.
    public var isChecked: Bool?
    /// The function that made it (`#function`), which only a checked one says.
    public var creator: String?
    /// Who refers to it; nil where that was not looked for.
    public var reach: Reach?

    /// Memberwise.
    public init(isChecked: Bool? = nil, creator: String? = nil, reach: Reach? = nil) {
        self.isChecked = isChecked
        self.creator = creator
        self.reach = reach
    }
}
