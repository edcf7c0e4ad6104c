import AttachReport

/// Finds the real number of a system call that the kernel restarts by itself.
///
/// After one stop, a call with a deadline goes on as `restart_syscall` (219); the instruction
/// that made it still stands before the program counter: `mov $number, %eax; syscall`.
struct SystemCallRepair {
    private static let restart = 219  // __NR_restart_syscall, asm/unistd_64.h

    /// Where code can be read.
    let memory: TargetMemory

    /// The call that a thread sits in; nil when it ran code of its own.
    func repaired(_ thread: CapturedThread) -> SystemCall? {
        guard let call = thread.systemCall, call.number == Self.restart,
            let registers = thread.registers, registers.programCounter >= 7,
            let code = memory.copy(Address(registers.programCounter - 7), count: 7),
            code[0] == 0xb8, code[5] == 0x0f, code[6] == 0x05
        else { return thread.systemCall }
        let number = code[1...4].reversed().reduce(0) { $0 << 8 | Int($1) }
        return SystemCall(
            number: number, name: SystemCallReader.name(of: number), arguments: call.arguments)
    }
}
