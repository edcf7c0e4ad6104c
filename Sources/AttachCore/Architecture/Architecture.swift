/// The facts about a CPU that the rest of the program needs, as data.
public enum Architecture: String, Sendable, Codable {
    /// AMD64, System V ABI.
    case x86_64
    /// AArch64, AAPCS64.
    case aarch64

    /// The one this program was compiled for; only processes of it run here. nil for any other.
    static var native: Architecture? {
        #if arch(x86_64)
            .x86_64
        #elseif arch(arm64)
            .aarch64
        #else
            nil
        #endif
    }

    /// The one with this ELF machine number.
    init?(elfMachine: UInt16) {
        switch elfMachine {
        case Architecture.x86_64.elfMachine: self = .x86_64
        case Architecture.aarch64.elfMachine: self = .aarch64
        default: return nil
        }
    }

    /// ELF machine number (`e_machine`, elf.h).
    public var elfMachine: UInt16 {
        switch self {
        case .x86_64: 62
        case .aarch64: 183
        }
    }

    /// How many 64-bit words NT_PRSTATUS has (`user_regs_struct` of the architecture).
    public var registerCount: Int {
        switch self {
        case .x86_64: 27
        case .aarch64: 34
        }
    }

    /// Index of the program counter in the register words.
    var programCounterIndex: Int {
        switch self {
        case .x86_64: 16
        case .aarch64: 32
        }
    }

    /// Index of the stack pointer.
    var stackPointerIndex: Int {
        switch self {
        case .x86_64: 19
        case .aarch64: 31
        }
    }

    /// Index of the frame pointer (rbp, x29).
    var framePointerIndex: Int {
        switch self {
        case .x86_64: 4
        case .aarch64: 29
        }
    }

    /// Index of the register in which Swift code passes `self` (r13, x20).
    var selfIndex: Int {
        switch self {
        case .x86_64: 2
        case .aarch64: 20
        }
    }

    /// Index of the register that holds the async context in Swift code (r14, x22).
    var asyncContextIndex: Int {
        switch self {
        case .x86_64: 1
        case .aarch64: 22
        }
    }

    /// Index of the thread pointer within the words; nil where it is in another register set.
    var threadPointerIndex: Int? {
        switch self {
        case .x86_64: 21
        case .aarch64: nil
        }
    }

    /// Indices of the six system-call arguments.
    var systemCallArgumentIndices: [Int] {
        switch self {
        case .x86_64: [14, 13, 12, 7, 9, 8]
        case .aarch64: [0, 1, 2, 3, 4, 5]
        }
    }

    /// Indices of the registers in DWARF's order, the program counter last.
    var unwindRegisterIndices: [Int] {
        switch self {
        // rax rdx rcx rbx rsi rdi rbp rsp r8-r15 rip (AMD64 psABI, figure 3.36)
        case .x86_64: [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16]
        // x0-x30 sp pc (DWARF for the Arm 64-bit architecture, 4.1)
        case .aarch64: Array(0...32)
        }
    }

    /// The column of the return address in unwind information: of its own, and x30.
    var returnAddressColumn: UInt64 {
        switch self {
        case .x86_64: 16
        case .aarch64: 30
        }
    }

    /// The last register that unwind information may speak of; those of vectors among them.
    var lastUnwindRegister: UInt64 {
        switch self {
        case .x86_64: 16
        case .aarch64: 127
        }
    }

    /// The bits of a pointer that take part in finding memory: without Swift's mark, and on
    /// aarch64 without the whole top byte, which the CPU ignores
    /// (Documentation/arch/arm64/tagged-address-abi.rst).
    var addressBits: UInt64 {
        switch self {
        case .x86_64: ~Self.asyncFrameBit
        case .aarch64: ~(0xff << 56)
        }
    }

    /// The bit that Swift sets in a saved frame pointer to mark an async frame.
    static let asyncFrameBit: UInt64 = 1 << 60
}

/// The general registers of one thread.
public struct RegisterSet: Hashable, Sendable, Codable {
    /// Whose registers they are.
    public let architecture: Architecture
    /// The words of NT_PRSTATUS, in the kernel's order.
    public var words: [UInt64]
    /// The thread pointer (fs base, TPIDR_EL0), wherever it came from; nil where not known.
    public var threadPointer: UInt64?
    /// The bits of a code address that hold its signature, where the kernel says which they are
    /// (`NT_ARM_PAC_MASK`); nil where it does not, or where addresses are not signed.
    public var signatureBits: UInt64?
    /// The words of the vector registers, by the type of their note (linux/elf.h); empty where they
    /// were not read.
    public var vectors: [UInt32: [UInt64]] = [:]

    /// Wraps the kernel's words; nil where there are too few of them.
    public init?(architecture: Architecture, words: [UInt64]) {
        guard words.count >= architecture.registerCount else { return nil }
        self.architecture = architecture
        self.words = words
        self.threadPointer = architecture.threadPointerIndex.map { words[$0] }
    }

    /// Where the thread stood.
    public var programCounter: UInt64 { words[architecture.programCounterIndex] }
    /// Its stack pointer.
    public var stackPointer: UInt64 { words[architecture.stackPointerIndex] }
    /// Its frame pointer, with Swift's mark still in it.
    public var framePointer: UInt64 { words[architecture.framePointerIndex] }
    /// Whether all vector registers were read.
    var hasVectors: Bool {
        vectors[RegisterNote.floatingPoint] != nil
            || architecture == .x86_64 && vectors[RegisterNote.extendedState] != nil
    }
    /// What Swift code passes as `self`, where nothing has overwritten it.
    var selfRegister: UInt64 { words[architecture.selfIndex] }
    /// The async context, where the thread is in async code.
    public var asyncContext: UInt64 { words[architecture.asyncContextIndex] }
    /// What a system call that the stop interrupted returns; of other threads anything. A call that
    /// will be made again has its argument there on aarch64.
    var systemCallResult: Int64 {
        switch architecture {
        case .x86_64: Int64(bitPattern: words[10])
        case .aarch64: Int64(bitPattern: words[0])
        }
    }
    /// The number of the system call that the thread is in, if it is in one: orig_rax, or x8.
    var systemCallNumber: Int64 {
        switch architecture {
        case .x86_64: Int64(bitPattern: words[15])
        case .aarch64: Int64(bitPattern: words[8])
        }
    }
    /// Whether the thread has been made and not run yet: it is about to come out of `clone` or
    /// `clone3` (asm/unistd.h: 56 or 220, and 435) with the result 0.
    var isNewThread: Bool {
        systemCallResult == 0
            && (systemCallNumber == (architecture == .x86_64 ? 56 : 220)
                || systemCallNumber == 435)
    }
}
