import AttachReport
import Glibc

/// Tells from a stopped thread's registers which system call it sits in.
enum SystemCallReader {
    /// What the kernel leaves in the result register of a call that our stop interrupted: -EINTR,
    /// -ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND, -ERESTART_RESTARTBLOCK (linux/errno.h).
    private static let interrupted: Set<Int64> = [-4, -512, -513, -514, -516]

    /// The call; nil for a thread that ran code of its own.
    static func call(registers: RegisterSet) -> SystemCall? {
        guard registers.architecture == .x86_64 else { return nil }
        let number = Int64(bitPattern: registers.words[15])
        let result = Int64(bitPattern: registers.words[10])
        guard number >= 0, interrupted.contains(result) else { return nil }
        let arguments = registers.architecture.systemCallArgumentIndices.map { registers.words[$0] }
        return SystemCall(
            number: Int(number), name: name(of: Int(number)), arguments: arguments)
    }

    /// What `/proc/PID/task/TID/syscall` says (proc_pid_syscall(5)): the number and six arguments;
    /// nil for a thread that is in no call, or that runs.
    static func call(text: String) -> SystemCall? {
        let fields = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count >= 7, let number = Int(fields[0]), number >= 0 else { return nil }
        let arguments = fields[1...6].compactMap { field in
            field.hasPrefix("0x") ? UInt64(field.dropFirst(2), radix: 16) : nil
        }
        guard arguments.count == 6 else { return nil }
        return SystemCall(number: number, name: name(of: number), arguments: arguments)
    }

    /// The name of a system call of x86_64; nil for a number that the table lacks.
    static func name(of number: Int) -> String? {
        guard number >= 0, number < SystemCallNames.x86_64.count else { return nil }
        let name = SystemCallNames.x86_64[number]
        return name.isEmpty ? nil : name
    }
}
