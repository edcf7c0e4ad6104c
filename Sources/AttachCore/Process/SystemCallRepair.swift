import AttachReport

/// Finds the real number of a system call that the kernel restarts by itself.
///
/// After one stop, a call with a deadline goes on as `restart_syscall` (219); the instruction
/// that made it still stands before the program counter: `mov $number, %eax; syscall`.
struct SystemCallRepair {
    /// `__NR_restart_syscall` (asm/unistd_64.h).
    static let restart = 219
    private static let length = 7

    /// Gives bytes of code; nil where there are none.
    let code: (Address, Int) -> [UInt8]?

    /// The call that a thread sits in; nil when it ran code of its own.
    func repaired(_ thread: CapturedThread) -> SystemCall? {
        guard let call = thread.systemCall, let registers = thread.registers else {
            return thread.systemCall
        }
        return repaired(call, registers)
    }

    /// The same for a thread with these registers.
    func repaired(_ call: SystemCall, _ registers: RegisterSet) -> SystemCall {
        guard call.number == Self.restart, registers.architecture == .x86_64,
            registers.programCounter >= UInt64(Self.length),
            let code = code(
                Address(registers.programCounter - UInt64(Self.length)), Self.length),
            code.count == Self.length, code[0] == 0xb8, code[5] == 0x0f, code[6] == 0x05
        else { return call }
        let number = code[1...4].reversed().reduce(0) { $0 << 8 | Int($1) }
        return SystemCall(
            number: number, name: SystemCallReader.name(of: number), arguments: call.arguments)
    }
}
