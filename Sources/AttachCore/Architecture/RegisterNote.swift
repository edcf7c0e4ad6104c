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
}
