import AttachReport

/// Tells the mutexes of Foundation's locks from other ones.
///
/// `NSLock.lock()` leaves no frame: it ends in a jump to `pthread_mutex_lock`. But the object is
/// still in the register of Swift's `self`, which C functions preserve, and it says itself what it
/// is, and which mutex is its own.
struct FoundationLocks {
    /// Classes between a lock's and Foundation's.
    private static let superclassLimit = 8

    /// Where the objects lie.
    let memory: TargetMemory
    /// Where their types do.
    let symbols: WaitSymbols

    /// The kind of the lock that this mutex belongs to; nil for a mutex of its own.
    func kind(ofMutex mutex: Address, _ registers: RegisterSet) -> ThreadWait.Kind? {
        // The fields of both begin with a pointer to the mutex, behind the header.
        let object = Address(registers.selfRegister)
        guard object.value % 8 == 0, memory.pointer(object, ObjectLayout.firstField) == mutex,
            var type = memory.pointer(object)
        else { return nil }
        for _ in 0..<Self.superclassLimit {
            for (name, kind) in LibraryKnowledge.foundation.lockClasses
            where symbols[name].contains(type) {
                return kind
            }
            guard let above = memory.pointer(type, MetadataLayout.superclass), !above.isNull else {
                return nil
            }
            type = above
        }
        return nil
    }
}
