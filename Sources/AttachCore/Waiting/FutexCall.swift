import AttachReport

/// The arguments of futex(2), decoded.
struct FutexCall {
    /// What it asks for; other operations do not wait.
    enum Operation: UInt64 {
        case wait = 0
        case lockInheriting = 6
        case waitBits = 9
        case waitRequeue = 11
        case lockInheritingOnAnyClock = 13
    }

    /// Where the word lies.
    let word: Address
    /// What it asks for; nil for anything that is not a wait.
    let operation: Operation?
    /// Whether threads of this process alone use the word.
    let isPrivate: Bool
    /// The value that the word must have for the thread to wait.
    let value: UInt32
    /// When it gives up.
    let timeout: Timeout?

    /// Decodes the arguments; nil for another call.
    init?(_ call: SystemCall) {
        guard call.name == "futex", call.arguments.count >= 4 else { return nil }
        word = Address(call.arguments[0])
        operation = Operation(rawValue: call.arguments[1] & 0x7f)
        isPrivate = call.arguments[1] & 0x80 != 0
        value = UInt32(truncatingIfNeeded: call.arguments[2])
        let place = Address(call.arguments[3])
        let isRealtime = call.arguments[1] & 0x100 != 0 || operation == .lockInheriting
        timeout =
            place.isNull
            ? nil
            : operation == .wait
                ? .relative(at: place) : .deadline(at: place, clock: isRealtime ? 0 : 1)
    }

    /// Whether the kernel keeps the id of the owner in the word (futex(2), "Priority-inheritance
    /// futexes").
    var namesOwner: Bool { operation == .lockInheriting || operation == .lockInheritingOnAnyClock }

    /// The thread id in such a word (FUTEX_TID_MASK, linux/futex.h).
    static let ownerMask: UInt32 = 0x3fff_ffff
}
