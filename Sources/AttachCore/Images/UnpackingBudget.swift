import Synchronization

/// How much may be unpacked for one report, from all files together: each of a thousand libraries
/// may carry symbols that take up a thousand times as much unpacked.
final class UnpackingBudget: Sendable {
    private let left: Mutex<Int>

    /// The packed symbols of everything that a program of a distribution loads are a tenth of it.
    private static let standard = 256 << 20

    /// A budget of so many bytes.
    init(_ bytes: Int = standard) { left = Mutex(bytes) }

    /// Bytes that may still be unpacked.
    var remaining: Int { left.withLock(\.self) }

    /// Takes bytes that were made, whether or not they came to be of use.
    func take(_ bytes: Int) { left.withLock { $0 = max(0, $0 - max(0, bytes)) } }
}
