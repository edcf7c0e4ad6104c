import AttachReport
import Glibc

/// Tells from a stopped thread's registers which system call it sits in.
enum SystemCallReader {
    /// What the kernel leaves in the result register of a call that our stop interrupted: -EINTR,
    /// -ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND, -ERESTART_RESTARTBLOCK (linux/errno.h).
    private static let interrupted: Set<Int64> = [-4, -512, -513, -514, -516]

    /// The call; nil for a thread that ran code of its own, and for any of aarch64, whose registers
    /// alone do not tell (`SystemCallRepair`).
    static func call(registers: RegisterSet) -> SystemCall? {
        let number = registers.systemCallNumber
        guard registers.architecture == .x86_64, number >= 0,
            interrupted.contains(registers.systemCallResult)
        else { return nil }
        return call(Int(clamping: number), registers)
    }

    /// The call of this number with the arguments that are in the registers.
    static func call(_ number: Int, _ registers: RegisterSet) -> SystemCall {
        SystemCall(
            number: number, name: name(of: number, registers.architecture),
            arguments: registers.architecture.systemCallArgumentIndices.map {
                registers.words[$0]
            })
    }

    /// What `/proc/PID/task/TID/syscall` says (proc_pid_syscall(5)): the number and six arguments;
    /// nil for a thread that is in no call, or that runs.
    static func call(text: String, _ architecture: Architecture) -> SystemCall? {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count >= 7, let number = Int(fields[0]), number >= 0 else { return nil }
        let arguments = fields[1...6].compactMap { field in
            field.hasPrefix("0x") ? UInt64(field.dropFirst(2), radix: 16) : nil
        }
        guard arguments.count == 6 else { return nil }
        return SystemCall(
            number: number, name: name(of: number, architecture), arguments: arguments)
    }

    /// The name of a system call; nil for a number that the table lacks.
    static func name(of number: Int, _ architecture: Architecture) -> String? {
        let names = SystemCallNames.names(architecture)
        guard number >= 0, number < names.count else { return nil }
        return names[number].isEmpty ? nil : names[number]
    }
}
