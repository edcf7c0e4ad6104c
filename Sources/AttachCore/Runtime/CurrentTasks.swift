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
    /// Where the pair lies in the runtime's own block, where it has one for itself.
    private static let activeTask: UInt64 = 8
    static let deepestStack: UInt64 = 1 << 30

    private let room: UInt64
    private let architecture: Architecture

    init(images: ImageTable, architecture: Architecture) {
        self.architecture = architecture
        let sizes = images.images.compactMap { $0.threadLocalTemplate }
            .map { min($0.size, Self.mostRoom) &+ min($0.alignment, 4096) }
        room = min(sizes.reduce(Self.leastRoom) { $0 &+ $1 }, Self.mostRoom)
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
        for offset in stride(from: 0, to: room, by: 8) {
            // Blocks of what was there at start lie right below the thread pointer (x86-64 psABI,
            // variant II of TLS), or right above it and two words of the C library's (AArch64,
            // variant I); nearest first.
            let place =
                architecture == .x86_64 ? pointer &- 16 &- offset : pointer &+ 16 &+ offset
            if let claim = pair(at: place, stack, &reader, running) { return claim }
        }
        return ofLateModules(pointer, stack, &reader, running)
    }

    /// Modules loaded later have blocks of their own, listed in the dynamic thread vector, which the
    /// C library has at the thread pointer (AArch64) or in the word behind it (x86-64): its third
    /// word is the first entry, {block, to free} each, and the word two before counts them.
    private func ofLateModules(
        _ pointer: UInt64, _ stack: UInt64, _ reader: inout WordReader, _ running: (UInt64) -> Int?
    ) -> Claim? {
        let place: UInt64 = architecture == .x86_64 ? 8 : 0
        guard let vector = reader.word(pointer, place), vector & 7 == 0, vector > 16,
            let count = reader.word(vector &- 16)
        else { return nil }
        for module in 1...max(1, min(count, Self.mostModules)) {
            guard let block = reader.word(vector, module &* 16) else { return nil }
            guard block != 0, block & 7 == 0 else { continue }
            if let claim = pair(at: block &+ Self.activeTask, stack, &reader, running) {
                return claim
            }
        }
        return nil
    }

    @inline(__always)
    private func pair(
        at place: UInt64, _ stack: UInt64, _ reader: inout WordReader, _ running: (UInt64) -> Int?
    ) -> Claim? {
        guard let task = reader.word(place), task != 0, task & 15 == 0,
            let position = running(task), let record = reader.word(place, 8),
            record >= stack, record &- stack < Self.deepestStack, reader.word(record) != nil
        else { return nil }
        return Claim(task: position, tracking: record)
    }
}
