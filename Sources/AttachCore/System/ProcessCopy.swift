import CSandbox

/// Work on foreign bytes by code that was not made for hostile ones, done in a copy of this process
/// (fork(2)): that may crash or take too much, and this one goes on without its answer. The copy has
/// no privileges and no open descriptors (CSandbox.h).
enum ProcessCopy {
    /// Why there is no answer: the copy crashed, or took too much time, memory or room.
    struct Failure: Error {}

    /// What `body` returns when it is called in the copy; whatever else it changes is lost.
    ///
    /// - Parameters:
    ///   - capacity: Bytes that it may return.
    ///   - memory: Bytes that it may take beyond what this process has.
    ///   - milliseconds: Of the clock.
    static func answer(
        capacity: Int, memory: UInt64, milliseconds: UInt32, _ body: () -> [UInt8]
    ) throws(Failure) -> [UInt8] {
        var answer: [UInt8]?
        withoutActuallyEscaping(body) { body in
            let call = Call(body)
            // Not a temporary allocation: the optimiser would put it on the stack.
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
            defer { unsafe buffer.deallocate() }
            guard let start = buffer.baseAddress else { return }
            var length = 0
            var rules = unsafe sb_rules()
            unsafe rules.memory = memory
            unsafe rules.milliseconds = milliseconds
            let failure = unsafe sb_call(
                { context, output, capacity in
                    guard let context = unsafe context else { return 0 }
                    let call = unsafe Unmanaged<Call>.fromOpaque(context).takeUnretainedValue()
                    return unsafe call.write(to: output, capacity)
                }, Unmanaged.passUnretained(call).toOpaque(), start, capacity, &length, &rules)
            if failure == 0 { answer = unsafe Array(buffer[..<length]) }
        }
        guard let answer else { throw Failure() }
        return answer
    }

    private final class Call {
        private let body: () -> [UInt8]

        init(_ body: @escaping () -> [UInt8]) { self.body = body }

        /// Writes the answer and returns its size; a greater one than there is room for counts as
        /// a failure.
        func write(to output: UnsafeMutableRawPointer, _ capacity: Int) -> Int {
            let bytes = body()
            if bytes.count <= capacity {
                unsafe output.copyMemory(from: bytes, byteCount: bytes.count)
            }
            return bytes.count
        }
    }
}
