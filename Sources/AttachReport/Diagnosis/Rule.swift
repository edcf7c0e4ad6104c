/// Knows one kind of finding: what it means, and how it is recognised.
protocol Rule {
    /// What it means.
    static var explanation: Explanation { get }
}
