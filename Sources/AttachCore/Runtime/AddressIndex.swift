/// Finds the position of an address in a list: an open hash table of two flat arrays.
///
/// Look-ups happen several times for each of perhaps a million tasks, which is why this is no
/// `Dictionary`. The hash is keyed by chance, so that a target cannot choose addresses that meet.
struct AddressIndex {
    private var keys: [UInt64]
    private var positions: [Int32]
    private let shift: UInt64
    private let key: UInt64

    /// An index of these addresses; of equal ones the first counts. Zero is never found.
    init(_ addresses: some Collection<UInt64>) {
        var bits: UInt64 = 4
        while 1 << bits < addresses.count * 2 { bits += 1 }
        shift = 64 - bits
        key = UInt64.random(in: .min ... .max) | 1
        keys = [UInt64](repeating: 0, count: 1 << bits)
        positions = [Int32](repeating: 0, count: 1 << bits)
        for (position, address) in addresses.enumerated() where address != 0 {
            let slot = slot(of: address)
            guard keys[slot] == 0 else { continue }
            keys[slot] = address
            positions[slot] = Int32(position)
        }
    }

    /// Where `address` stands in the list.
    @inline(__always)
    subscript(address: UInt64) -> Int? {
        guard address != 0 else { return nil }
        let slot = slot(of: address)
        return keys[slot] == 0 ? nil : Int(positions[slot])
    }

    /// The slot that holds the address, or the free one where it would go. Half of them are free.
    @inline(__always)
    private func slot(of address: UInt64) -> Int {
        let mask = keys.count &- 1
        var slot = Int(truncatingIfNeeded: ((address ^ (address >> 32)) &* key) >> shift) & mask
        while keys[slot] != 0, keys[slot] != address { slot = (slot &+ 1) & mask }
        return slot
    }
}
