/// Gives equal stacks the same number.
///
/// Most tasks of a busy process stand at the same place, and whoever names frames gives equal
/// stacks one array. So the array's storage is looked at first, which costs the same for any
/// depth; only storage not seen before is hashed and compared.
struct StackTable {
    /// How many stacks had to be hashed in full: the cost of the table, for tests.
    private(set) var stacksHashed = 0
    private var byStorage: [StackStorage: Int] = [:]
    private var byContents: [Contents: Int] = [:]

    /// The number of the stack, from 0 in the order of first appearance.
    ///
    /// The caller keeps `frames` alive as long as the table: storage that is freed may come back
    /// with another stack in it.
    mutating func number(of frames: [Frame]) -> Int {
        let storage = StackStorage(frames)
        if let known = byStorage[storage] { return known }
        stacksHashed += 1
        let contents = Contents(frames: frames)
        let number = byContents[contents] ?? byContents.count
        byContents[contents] = number
        byStorage[storage] = number
        return number
    }

    /// Frames that hash by address alone: names follow from it, and are long.
    private struct Contents: Hashable {
        let frames: [Frame]

        func hash(into hasher: inout Hasher) {
            hasher.combine(frames.count)
            for frame in frames { hasher.combine(frame.address?.value ?? 0) }
        }
    }
}

/// Where an array of frames keeps its elements: equal for two arrays only if they are equal, as
/// long as both are alive.
struct StackStorage: Hashable {
    private let start: UInt
    private let count: Int

    init(_ frames: [Frame]) {
        count = frames.count
        start = unsafe frames.withUnsafeBufferPointer {
            UInt(bitPattern: $0.baseAddress)
        }
    }
}
