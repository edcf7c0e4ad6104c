#ifndef CUNWIND_H
#define CUNWIND_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// libunwind for x86_64 over memory that the caller supplies. It never sees a process: every word
/// and every choice of unwind information comes from the callbacks.

/// Registers as the AMD64 psABI numbers them for DWARF (figure 3.36): rax, rdx, rcx, rbx, rsi, rdi,
/// rbp, rsp, r8 to r15, and the return address column, which holds rip.
enum { cu_register_count = 17 };

/// Addresses from here on are the caller's own, for records it makes up; one word below them is
/// used by this wrapper. Bit 60 is clear in them, and no x86_64 process has memory there.
#define CU_OWN_MEMORY 0x4000000000010000ULL

/// What a walker asks for. Each returns 0, or a positive errno when it has nothing to give.
struct cu_callbacks {
    /// The address of a frame description entry for `pc` (already one less for a caller's frame).
    /// It must be well-formed and must cover `pc`: libunwind trusts it.
    int (*find_record)(void *_Nullable context, uint64_t pc, uint64_t *record);
    /// The eight bytes at `address`, which need not be aligned.
    int (*read_word)(void *_Nullable context, uint64_t address, uint64_t *value);
};

/// A frame as it was found in its callee.
struct cu_frame {
    uint64_t pc;
    /// The stack pointer in this frame: its callee's canonical frame address.
    uint64_t stack_pointer;
    /// rbp and r14; 0 where they could not be restored.
    uint64_t frame_pointer;
    uint64_t async_context;
    /// 1 where the callee was a signal trampoline, so that this frame was interrupted anywhere.
    int was_interrupted;
};

/// What came of a step.
enum cu_step {
    /// A caller was found.
    cu_step_caller,
    /// The unwind information says that there is no caller.
    cu_step_end,
    /// There was no way on; whoever answered the callbacks knows why.
    cu_step_failed,
};

typedef struct cu_walker cu_walker;

/// Makes a walker; `context` is handed to each callback and stays the caller's.
/// Returns 0, or an error that leaves `*walker` as it was: ENOMEM, or ENOTSUP on any other CPU than
/// x86_64.
int cu_walker_create(
    const struct cu_callbacks *callbacks, void *_Nullable context,
    cu_walker *_Nullable *_Nonnull walker);

/// Ends it and frees all that it owns.
void cu_walker_destroy(cu_walker *walker);

/// Drops what libunwind remembers of the pcs that it has stepped from.
void cu_walker_forget(cu_walker *walker);

/// Begins a walk at `cu_register_count` registers. Returns 0, or EINVAL.
int cu_walker_start(cu_walker *walker, const uint64_t *registers);

/// Goes on to the caller. `frame` is filled in for `cu_step_caller`; for `cu_step_end` only its
/// stack pointer is.
enum cu_step cu_walker_step(cu_walker *walker, struct cu_frame *frame);

#pragma clang assume_nonnull end

#endif
