#ifndef CSANDBOX_H
#define CSANDBOX_H

// The one place in which this program gives up what it may do: before it reads foreign bytes
// itself (`sb_confine`), and for work that is done in a process of its own (`sb_fork`, `sb_call`).
//
// What such a process of its own can count on, and what we can count on of it:
//
// - It is killed when its parent ends.
// - It has no capability, can gain no privilege by executing a program, and is nobody where we are
//   root (in a user namespace without nobody it stays what it is).
// - Standard input, output and error lead nowhere, and no descriptor is open but those named.
// - Faults, SIGABRT and SIGXCPU end it at once, with no core file and no report.
// - Memory beyond what it has inherited and processor time are limited; the parent ends it at a
//   deadline.
//
// Where one of these cannot be had (but for the change of user), it ends before it does any work.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

typedef struct {
    // Bytes of address space beyond what the process has inherited; 0 for no limit.
    uint64_t memory;
    // Seconds of processor time; 0 for no limit.
    uint32_t processor_seconds;
    // Milliseconds of the clock, from the call on; 0 for no limit.
    uint32_t milliseconds;
    // Descriptors that stay open, the standard ones included.
    const int *_Nullable kept;
    size_t kept_count;
    // 1 where user, capabilities and the way to gain some stay as they are, because it works for
    // the user and reads nothing of the target's: it asks a server.
    int keeps_privileges;
} sb_rules;

// fork(2) into a process under these rules. Returns its pid, 0 in the child, or the negative
// errno. The calling thread goes on alone in the child. `milliseconds` is for `sb_wait`.
pid_t sb_fork(const sb_rules *rules);

// Nanoseconds of CLOCK_MONOTONIC at which so many milliseconds from now have passed; the largest
// number for 0.
int64_t sb_deadline(uint32_t milliseconds);

// Waits for the end of a child, and kills it at the deadline. Stores how it ended as waitpid(2)
// does. Returns 0, ETIMEDOUT where it was killed, or another positive errno.
int sb_wait(pid_t child, int64_t deadline, int *status);

// Calls `body` in a process under these rules, and waits for it. `body` writes at most `capacity`
// bytes to `output`, which is zeroed memory of its own, and returns how many; these are copied to
// `output`, and their number is stored in `length`. Whatever else it changes is lost. Returns 0,
// or a positive errno: ETIMEDOUT, or ECHILD where it ended otherwise before `body` returned.
int sb_call(size_t (*body)(void *_Nullable context, void *output, size_t capacity),
            void *_Nullable context, void *output, size_t capacity, size_t *length,
            const sb_rules *rules);

// Gives up every privilege of this process, and limits its address space in bytes and its
// processor time in seconds (0 = no limit). Its descriptors and its children stay. Best effort.
void sb_confine(uint64_t address_space, uint64_t processor_seconds);

#pragma clang assume_nonnull end
#endif
