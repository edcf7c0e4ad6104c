import AttachReport

/// Finds the threads that have just taken a task to run it, or are about to let go of it: between
/// the mark in the task's status and the one in the thread's storage lie a few instructions of
/// the runtime (`runJobInEstablishedExecutorContext`, stdlib/public/Concurrency/Actor.cpp), and a
/// thread that loses its processor there stays there for a while.
struct JobsInHand {
    /// The runtime's frames between the leaf and the worker are few, and small.
    private static let words: UInt64 = 512
    private static let frames = 12

    private let threads: [CapturedThread]

    /// Only threads that are inside the runtime can have one in hand.
    init(
        threads: [CapturedThread], stacks: [Int32: NativeStack], location: RuntimeLocation
    ) {
        self.threads = threads.filter { thread in
            guard let stack = stacks[thread.id] else { return false }
            return stack.frames.prefix(Self.frames).contains {
                location.holdsCode($0.address.address.value)
            }
        }
    }

    /// Those of the free threads that hold the address of the task in a register or at the top of
    /// the stack.
    func threads(
        holding task: UInt64, _ reader: inout WordReader, isFree: (Int32) -> Bool
    ) -> [Int32] {
        threads.compactMap { thread in
            guard isFree(thread.id), let registers = thread.registers,
                Self.holds(registers, task, &reader)
            else { return nil }
            return thread.id
        }
    }

    private static func holds(
        _ registers: RegisterSet, _ task: UInt64, _ reader: inout WordReader
    ) -> Bool {
        if registers.words.contains(task) { return true }
        return (0..<words).contains {
            reader.word(registers.stackPointer, $0 &* 8) == task
        }
    }
}
