import AttachReport

/// Finds out what registers alone do not tell of the system call that a thread sits in: from the
/// instruction that made it.
///
/// On x86_64 that is the real number of a call with a deadline that goes on as `restart_syscall`
/// after a stop: `mov $number, %eax; syscall` stand before the program counter.
///
/// On aarch64 it is whether there is a call at all. The kernel sets a thread back to the `svc`
/// before it stops, with the number in x8 and the first argument in x0 (do_signal,
/// arch/arm64/kernel/signal.c). A call that it does not make again has -EINTR in x0 and the `svc`
/// behind it.
struct SystemCallRepair {
    /// Gives bytes of code; nil where there are none.
    let code: (Address, Int) -> [UInt8]?

    /// `__NR_restart_syscall` (asm/unistd.h).
    static func restart(_ architecture: Architecture) -> Int {
        switch architecture {
        case .x86_64: 219
        case .aarch64: 128
        }
    }

    private static let lengthOnX86 = 7
    private static let supervisorCall: UInt32 = 0xd400_0001  // svc #0
    private static let interrupted: Int64 = -4  // -EINTR
    /// Instructions before an `svc` that set up its arguments.
    private static let wayBack = 16

    /// Completes a thread's call and state; leaves it as it is where there is nothing to find, or
    /// where its code cannot be read.
    func repair(_ thread: inout CapturedThread) {
        guard let registers = thread.registers else { return }
        switch registers.architecture {
        case .x86_64:
            if let call = thread.systemCall { thread.systemCall = repaired(call, registers) }
        case .aarch64:
            guard thread.systemCall == nil, let words = words(before: registers) else { return }
            thread.systemCall = call(words, registers)
            guard thread.state == .unknown else { return }
            thread.state = thread.systemCall == nil ? .running : .sleeping
        }
    }

    // MARK: x86_64

    private func repaired(_ call: SystemCall, _ registers: RegisterSet) -> SystemCall {
        guard call.number == Self.restart(.x86_64),
            registers.programCounter >= UInt64(Self.lengthOnX86),
            let code = code(
                Address(registers.programCounter - UInt64(Self.lengthOnX86)), Self.lengthOnX86),
            code.count == Self.lengthOnX86, code[0] == 0xb8, code[5] == 0x0f, code[6] == 0x05
        else { return call }
        let number = code[1...4].reversed().reduce(0) { $0 << 8 | Int($1) }
        return SystemCall(
            number: number, name: SystemCallReader.name(of: number, .x86_64),
            arguments: call.arguments)
    }

    // MARK: aarch64

    /// The instructions before the program counter, the one at it last.
    private func words(before registers: RegisterSet) -> [UInt32]? {
        let pc = registers.programCounter
        guard pc & 3 == 0, pc >= UInt64(Self.wayBack * 4) else { return nil }
        for count in [Self.wayBack, 1] {
            if let code = code(Address(pc - UInt64(count * 4)), count * 4 + 4) {
                return AArch64Code.words(code)
            }
        }
        return nil
    }

    private func call(_ words: [UInt32], _ registers: RegisterSet) -> SystemCall? {
        let number = Int(clamping: registers.systemCallNumber)
        guard number >= 0 else { return nil }
        if words.last == Self.supervisorCall {
            let real =
                number == Self.restart(.aarch64)
                ? Self.number(setBy: words.dropLast()) ?? number : number
            return SystemCallReader.call(real, registers)
        }
        guard words.dropLast().last == Self.supervisorCall,
            registers.systemCallResult == Self.interrupted
        else { return nil }
        // The result is where the first argument was.
        return SystemCall(
            number: number, name: SystemCallReader.name(of: number, .aarch64), arguments: [])
    }

    /// The number that `mov x8, #number` or `mov w8, #number` put there, the last that did.
    private static func number(setBy words: ArraySlice<UInt32>) -> Int? {
        words.last { $0 & 0x7fe0_001f == 0x5280_0008 }.map { Int($0 >> 5 & 0xffff) }
    }
}
