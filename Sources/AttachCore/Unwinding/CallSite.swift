import AttachReport

/// Tells whether an address is one that a call returns to, which is the check for rules that were
/// found without unwind information.
enum CallSite {
    /// Bytes of the longest call instruction that compilers make: REX, opcode, two bytes of
    /// operand form, four of displacement.
    private static let longest = 8
    /// `mov $15,%rax; syscall`: where signal handlers return to (glibc, sigaction(2) SA_RESTORER).
    private static let signalReturn: [UInt8] = [
        0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05,
    ]

    /// Whether a call instruction ends at `address`, or the kernel's way out of signal handlers
    /// begins there.
    static func isReturnAddress(
        _ address: UInt64, memory: TargetMemory, architecture: Architecture
    ) -> Bool {
        switch architecture {
        case .x86_64: isReturnAddressOfX86(address, memory)
        case .aarch64:
            address & 3 == 0 && address >= 4
                && (memory.load(Address(address - 4), as: UInt32.self)
                    .map(AArch64Instruction.isCall) == true
                    || isSignalReturn(address, memory: memory))
        }
    }

    /// Whether `mov x8, #139; svc #0` stand there: where signal handlers of aarch64 return to, in
    /// the kernel's own library (arch/arm64/kernel/vdso/sigreturn.S).
    static func isSignalReturn(_ address: UInt64, memory: TargetMemory) -> Bool {
        memory.word(Address(address)) == 0xd400_0001_d280_1168
    }

    private static func isReturnAddressOfX86(_ address: UInt64, _ memory: TargetMemory) -> Bool {
        guard address >= UInt64(longest) else { return false }
        if let before = memory.copy(Address(address - UInt64(longest)), count: longest) {
            if endsInCall(before) { return true }
        } else if let before = memory.copy(Address(address - 2), count: 2), endsInCall(before) {
            return true
        }
        return memory.copy(Address(address), count: signalReturn.count) == signalReturn
    }

    /// Whether the last bytes are a call: `e8` with a displacement, or `ff /2` in any of its
    /// forms (Intel SDM, volume 2, CALL).
    static func endsInCall(_ bytes: [UInt8]) -> Bool {
        let count = bytes.count
        if count >= 5, bytes[count - 5] == 0xe8 { return true }
        for length in 2...7 where count >= length && bytes[count - length] == 0xff {
            if operandLength(Array(bytes[(count - length + 1)...])) == length - 1 { return true }
        }
        return false
    }

    /// How long the operand of `ff /2` is that begins with these bytes; nil for another operation.
    private static func operandLength(_ operand: [UInt8]) -> Int? {
        guard let form = operand.first, (form >> 3) & 7 == 2 else { return nil }
        let base = form & 7
        let hasIndex = base == 4 && form >> 6 != 3
        switch form >> 6 {
        case 3: return 1
        case 1: return hasIndex ? 3 : 2
        case 2: return hasIndex ? 6 : 5
        default:
            if base == 5 { return 5 }
            guard hasIndex else { return 1 }
            return operand.count > 1 && operand[1] & 7 == 5 ? 6 : 2
        }
    }
}
