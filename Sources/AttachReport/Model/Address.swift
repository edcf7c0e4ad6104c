/// A virtual address in the target.
///
/// It is a number, never a pointer: nothing in this program may dereference it. Arithmetic is
/// checked, because the numbers come from memory that may lie.
public struct Address: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The address as the target's CPU sees it.
    public let value: UInt64

    /// Wraps a raw number read from the target.
    @inlinable
    public init(_ value: UInt64) { self.value = value }

    /// Address zero, which the target uses for "nothing".
    public static let null = Address(0)

    /// Whether this is address zero.
    @inlinable public var isNull: Bool { value == 0 }

    /// The address `offset` bytes further on, or nil where that would wrap.
    @inlinable
    public func advanced(by offset: UInt64) -> Address? {
        let (sum, overflow) = value.addingReportingOverflow(offset)
        return overflow ? nil : Address(sum)
    }

    /// The address `offset` bytes away in either direction, or nil where that would wrap.
    @inlinable
    public func offset(by offset: Int64) -> Address? {
        let (sum, overflow) =
            offset >= 0
            ? value.addingReportingOverflow(UInt64(offset))
            : value.subtractingReportingOverflow(offset.magnitude)
        return overflow ? nil : Address(sum)
    }

    /// Bytes from `other` up to this address, or nil where `other` lies above it.
    @inlinable
    public func distance(from other: Address) -> UInt64? {
        value >= other.value ? value - other.value : nil
    }

    /// Orders by position in the address space.
    @inlinable
    public static func < (left: Address, right: Address) -> Bool { left.value < right.value }

    /// Lower-case hexadecimal with `0x`, as debuggers print it.
    public var description: String { "0x" + String(value, radix: 16) }
}
