import AttachReport

/// Finds which task each thread runs, in the thread-local storage of the runtime.
///
/// The runtime keeps `ActiveTask` and, in the next word, a pointer to a tracking record on the
/// thread's stack (Actor.cpp). That pair is recognised by its values, so that no symbol and no
/// relocation is needed: the first must be a running task, the second must point into the live
/// part of this thread's stack.
struct CurrentTasks {
    private static let leastRoom: UInt64 = 4096
    private static let mostRoom: UInt64 = 65_536
    private static let mostModules: UInt64 = 4096
    static let deepestStack: UInt64 = 1 << 30

    private let room: UInt64
    private let storage: ThreadStorageLayout
    /// The number of the module that the runtime is in, where that is known, and its size.
    private let module: (number: UInt64, size: UInt64)?

    /// Looks for the tasks of the runtime at `location`.
    init(_ target: Target, location: RuntimeLocation, reader: inout WordReader) {
        let images = target.images
        storage = target.architecture.threadStorage
        let sizes = images.images.compactMap { $0.threadLocalTemplate }
            .map { min($0.size, Self.mostRoom) &+ min($0.alignment, 4096) }
        room = min(sizes.reduce(Self.leastRoom) { $0 &+ $1 }, Self.mostRoom)
        let image = location.text.first.flatMap {
            images.image(containing: Address($0.lowerBound))
        }
        module = image.flatMap { Self.module(of: $0, &reader) }
    }

    /// The number that the dynamic linker has given to the variables of an image.
    private static func module(
        of image: Image, _ reader: inout WordReader
    ) -> (number: UInt64, size: UInt64)? {
        guard let file = image.file, let template = image.threadLocalTemplate,
            let place = DynamicSegment(file.layout.segments, in: file.bytes)?.threadLocalModule,
            let number = reader.word(place &+ image.loadBias), (1...mostModules).contains(number)
        else { return nil }
        return (number, min(template.size, mostRoom))
    }

    /// What a thread says that it runs.
    struct Claim: Hashable {
        /// The position of the task.
        var task: Int
        /// Where the thread's innermost tracking record lies (`ExecutorTracking`).
        var tracking: UInt64
    }

    /// What a thread says that it runs. `running` finds running tasks by address.
    func claim(
        of registers: RegisterSet, reader: inout WordReader, running: (UInt64) -> Int?
    ) -> Claim? {
        guard let pointer = registers.threadPointer, pointer & 7 == 0, pointer > Self.mostRoom
        else { return nil }
        let stack = registers.stackPointer
        if let module, vector(pointer, &reader) != nil {
            return claim(
                in: module.number, ofWords: 0..<module.size / 8, pointer, stack, &reader, running)
        }
        for offset in stride(from: 0, to: room, by: 8) {
            // Nearest first.
            let distance = storage.distance &+ offset
            let place = storage.isBelow ? pointer &- distance : pointer &+ distance
            if let claim = pair(at: place, stack, &reader, running) { return claim }
        }
        // Modules loaded later have blocks of their own. Where their number is not known, a runtime
        // that has a library for itself can be in any of them.
        guard let last = vector(pointer, &reader)?.count else { return nil }
        let before = ThreadVariablesLayout.wordsBefore
        for module in 1...max(1, min(last, Self.mostModules)) {
            let claim = claim(
                in: module, ofWords: before..<before + 1, pointer, stack, &reader, running)
            if let claim { return claim }
        }
        return nil
    }

    /// The dynamic thread vector, and how many entries it has.
    private func vector(
        _ pointer: UInt64, _ reader: inout WordReader
    ) -> (address: UInt64, count: UInt64)? {
        guard let vector = reader.word(pointer, storage.vector), vector & 7 == 0,
            vector > ThreadStorageLayout.countBefore,
            let count = reader.word(vector &- ThreadStorageLayout.countBefore)
        else { return nil }
        return (vector, count)
    }

    /// Looks at these words of the block that a module has for the thread. Behind the end of a
    /// block lies other memory, which can look like the pair.
    private func claim(
        in module: UInt64, ofWords words: Range<UInt64>, _ pointer: UInt64, _ stack: UInt64,
        _ reader: inout WordReader, _ running: (UInt64) -> Int?
    ) -> Claim? {
        // An odd block is not yet made.
        guard let vector = vector(pointer, &reader), module <= vector.count,
            let block = reader.word(vector.address, module &* ThreadStorageLayout.entrySize),
            block != 0, block & 7 == 0
        else { return nil }
        for word in words {
            if let claim = pair(at: block &+ word &* 8, stack, &reader, running) { return claim }
        }
        return nil
    }

    @inline(__always)
    private func pair(
        at place: UInt64, _ stack: UInt64, _ reader: inout WordReader, _ running: (UInt64) -> Int?
    ) -> Claim? {
        guard let task = reader.word(place), task != 0, task & (JobLayout.alignment - 1) == 0,
            let position = running(task),
            let record = reader.word(place, ThreadVariablesLayout.tracking),
            record >= stack, record &- stack < Self.deepestStack, reader.word(record) != nil
        else { return nil }
        return Claim(task: position, tracking: record)
    }
}

extension Architecture {
    /// Where thread-local variables lie.
    fileprivate var threadStorage: ThreadStorageLayout {
        switch self {
        case .x86_64: .x86_64
        case .aarch64: .aarch64
        }
    }
}
