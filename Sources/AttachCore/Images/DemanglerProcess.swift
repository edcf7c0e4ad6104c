import Synchronization

/// Demangles what may take up any amount of memory or time, in a process of its own.
enum DemanglerProcess {
    /// Why there is no answer: the process took too much of something, or is not tried any more.
    struct Refusal: Error {}

    /// Memory beyond what this process has, in bytes; the name itself is far shorter.
    private static let memoryLimit: UInt64 = 256 << 20
    /// Milliseconds of the clock.
    private static let timeLimit: UInt32 = 500
    /// Symbols that ask for too much. A file made to cost time has many.
    private static let failureLimit = 4
    private static let nameLimit = 1 << 20

    private static let failures = Mutex(0)

    /// What `demangle` returns when it is called in a copy of this process.
    static func name(_ demangle: () -> String?) throws(Refusal) -> String? {
        guard failures.withLock({ $0 < failureLimit }) else { throw Refusal() }
        do {
            // A byte and the name; nothing for no name.
            let answer = try ProcessCopy.answer(
                capacity: nameLimit, memory: memoryLimit, milliseconds: timeLimit
            ) {
                demangle().map { [1] + $0.utf8.prefix(nameLimit - 1) } ?? []
            }
            return answer.isEmpty ? nil : String(decoding: answer.dropFirst(), as: UTF8.self)
        } catch {
            failures.withLock { $0 += 1 }
            throw Refusal()
        }
    }
}
