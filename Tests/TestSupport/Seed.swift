import Glibc

/// Where the random numbers of a test come from. The seed is printed, so that what has failed once
/// can be tried again: `ASYNCATTACH_TEST_SEED` in the environment is the seed of all of them.
package struct Seed: RandomNumberGenerator, CustomStringConvertible {
    /// What it began with.
    package let value: UInt64
    private var state: UInt64

    /// A seed of its own, printed with the name of the test.
    package init(_ test: String = #function) {
        var system = SystemRandomNumberGenerator()
        let wanted = unsafe getenv("ASYNCATTACH_TEST_SEED").map { unsafe String(cString: $0) }
        value = wanted.flatMap { UInt64($0) } ?? system.next()
        state = value
        print("\(test): \(self)")
    }

    package var description: String { "ASYNCATTACH_TEST_SEED=\(value)" }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
