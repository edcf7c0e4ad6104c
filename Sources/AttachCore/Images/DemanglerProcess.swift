import CElf
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
        var length = 0
        var name: String?
        let failure = withoutActuallyEscaping(demangle) { demangle -> Int32 in
            let call = Call(demangle)
            return unsafe withUnsafeTemporaryAllocation(
                byteCount: nameLimit, alignment: 1
            ) { buffer -> Int32 in
                guard let start = buffer.baseAddress else { return 1 }
                let result = unsafe ce_call_apart(
                    { context, output, capacity in
                        let call = unsafe Unmanaged<Call>.fromOpaque(context).takeUnretainedValue()
                        return unsafe call.write(to: output, capacity)
                    }, Unmanaged.passUnretained(call).toOpaque(), start, nameLimit, &length,
                    memoryLimit, timeLimit)
                if result == 0, length > 0 {
                    name = unsafe String(decoding: buffer[1..<length], as: UTF8.self)
                }
                return result
            }
        }
        guard failure == 0 else {
            failures.withLock { $0 += 1 }
            throw Refusal()
        }
        return name
    }

    private final class Call {
        private let demangle: () -> String?

        init(_ demangle: @escaping () -> String?) { self.demangle = demangle }

        /// Writes a byte and the name; nothing for no name.
        func write(to output: UnsafeMutableRawPointer, _ capacity: Int) -> Int {
            guard let name = demangle() else { return 0 }
            let bytes = Array(name.utf8.prefix(capacity - 1))
            unsafe output.storeBytes(of: 1, as: UInt8.self)
            unsafe (output + 1).copyMemory(from: bytes, byteCount: bytes.count)
            return bytes.count + 1
        }
    }
}
