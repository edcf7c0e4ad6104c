/// The kernel's sets of registers, by the types of their notes in core files, by which ptrace knows
/// them, too (linux/elf.h).
enum RegisterNote {
    /// NT_PRSTATUS: the general registers; in a core file with more around them.
    static let status: UInt32 = 1
    /// NT_ARM_TLS: TPIDR_EL0.
    static let threadPointer: UInt32 = 0x401
    /// NT_ARM_PAC_MASK (`struct user_pac_mask`): the bits of a signature in addresses of data, and
    /// in those of code.
    static let signatureMasks: UInt32 = 0x406
    /// NT_PRFPREG: the registers of floating point; on aarch64 V0-V31, on x86_64 what a CPU without
    /// `xsave` has (`fxsave`).
    static let floatingPoint: UInt32 = 2
    /// NT_X86_XSTATE: everything that `xsave` saves, the vector registers among it.
    static let extendedState: UInt32 = 0x202
    /// NT_ARM_SVE, NT_ARM_SSVE, NT_ARM_ZA: what is longer than V0-V31, where the CPU has it.
    static let scalable: [UInt32] = [0x405, 0x40b, 0x40c]

    /// The sets that hold vectors, and the program that wrote their notes as core files name it.
    static func vectors(_ architecture: Architecture) -> [(note: UInt32, owner: String)] {
        switch architecture {
        case .x86_64: [(extendedState, "LINUX"), (floatingPoint, "CORE")]
        case .aarch64: [(floatingPoint, "CORE")] + scalable.map { ($0, "LINUX") }
        }
    }

    /// No set has more 64-bit words: ZA at the longest vectors, and its header.
    static let mostVectorWords = 8192 + 2
}
