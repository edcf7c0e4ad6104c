import AttachReport
import CUnwind
import Glibc

/// Owns a libunwind walk over an `UnwindTarget`.
@safe final class FrameWalker: FrameStepper {
    /// What libunwind asks.
    private let target: UnwindTarget
    private let walker: OpaquePointer
    /// How the pcs were stepped from whose rules libunwind remembers; true for interrupted ones.
    private var remembered: [UInt64: Bool] = [:]

    /// Where libunwind's memory of rules is worth dropping.
    private static let rememberedLimit = 1 << 16

    /// nil where memory is short.
    init?(_ target: UnwindTarget) {
        self.target = target
        var callbacks = unsafe cu_callbacks(
            find_record: { context, pc, record in
                guard let context = unsafe context else { return EINVAL }
                let target = unsafe Unmanaged<UnwindTarget>.fromOpaque(context)
                return unsafe target._withUnsafeGuaranteedRef {
                    guard let found = $0.record(for: pc) else { return ENOENT }
                    unsafe record.pointee = found
                    return 0
                }
            },
            read_word: { context, address, value in
                guard let context = unsafe context else { return EINVAL }
                let target = unsafe Unmanaged<UnwindTarget>.fromOpaque(context)
                return unsafe target._withUnsafeGuaranteedRef {
                    guard let word = $0.word(at: address) else { return EFAULT }
                    unsafe value.pointee = word
                    return 0
                }
            })
        var made: OpaquePointer?
        let context = unsafe Unmanaged.passUnretained(target).toOpaque()
        guard unsafe cu_walker_create(&callbacks, context, &made) == 0,
            let walker = unsafe made
        else { return nil }
        unsafe self.walker = walker
    }

    deinit { unsafe cu_walker_destroy(walker) }

    var doubt: String? { target.doubt }

    func start(_ registers: RegisterSet, budget: Int) -> Bool {
        let words = registers.architecture.unwindRegisterIndices.map { registers.words[$0] }
        guard words.count == Int(cu_register_count) else { return false }
        target.budget = budget
        target.doubt = nil
        return unsafe cu_walker_start(walker, words) == 0
    }

    /// Goes to the caller of the frame at `position`.
    ///
    /// libunwind remembers rules by pc alone. A rule depends as well on whether the thread was
    /// interrupted there, and one that was made up on what the stack held; so what it remembers is
    /// dropped before it could be used for something else.
    func step(from position: FramePosition) -> FrameStep {
        if let wasInterrupted = remembered[position.pc],
            wasInterrupted != position.isInterrupted
                || remembered.count >= Self.rememberedLimit
        {
            forget()
        }
        target.begin(position)
        var frame = cu_frame()
        let result = unsafe cu_walker_step(walker, &frame)
        if target.isMade { forget() } else { remembered[position.pc] = position.isInterrupted }
        switch result {
        case cu_step_caller:
            return .caller(
                CallerFrame(
                    pc: frame.pc, stackPointer: frame.stack_pointer,
                    framePointer: frame.frame_pointer, asyncContext: frame.async_context,
                    isInterrupted: frame.was_interrupted != 0, isMade: target.isMade))
        case cu_step_end: return .end(stackPointer: frame.stack_pointer)
        default: return .failed(target.failure)
        }
    }

    private func forget() {
        unsafe cu_walker_forget(walker)
        remembered.removeAll(keepingCapacity: true)
    }
}
