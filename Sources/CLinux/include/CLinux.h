#ifndef CLINUX_H
#define CLINUX_H

// System calls that Swift cannot name: variadic ones, those behind _GNU_SOURCE, and those whose
// headers are younger than the oldest system we build on. Unless said otherwise a function returns
// 0 or a positive errno, and leaves nothing behind when it fails.
//
// Most of them are single calls. Those that decide something of their own say "Policy:".

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "Channel.h"

#pragma clang assume_nonnull begin

// ptrace(2). Every call must come from the thread that seized.
int cl_ptrace_seize(pid_t tid);
int cl_ptrace_interrupt(pid_t tid);
// `signal` is delivered on release; 0 for none.
int cl_ptrace_detach(pid_t tid, int signal);
// PTRACE_GETREGSET. `set` is the type of its note in a core file (linux/elf.h); `words` receives up
// to `capacity` 64-bit words; `count` says how many.
int cl_ptrace_registers(
    pid_t tid, unsigned set, uint64_t *words, size_t capacity, size_t *count);
// PTRACE_PEEKSIGINFO: what is known of up to `count` signals that wait for the thread, or for any
// thread of its process, behind the first `from` of them. Returns how many, or the negative errno.
ssize_t cl_ptrace_pending(
    pid_t tid, int isShared, uint64_t from, siginfo_t *signals, size_t count);
// PTRACE_GETSIGINFO: of the signal that has stopped the thread.
int cl_ptrace_signal(pid_t tid, siginfo_t *signal);
// What ptrace says to a request that can only fail: ESRCH unless a filter refuses the call.
int cl_ptrace_probe(void);

typedef struct {
    // 1 where there was something to tell, else 0.
    int present;
    // 1 where the thread has ended, else it has stopped.
    int ended;
    // For a stop: event << 8 | signal, as in waitid(2)'s si_status.
    int status;
} cl_wait_result;

// Looks at a traced thread's stop without consuming it: a consumed signal stop would lose its
// signal if we died.
int cl_wait_peek(pid_t tid, cl_wait_result *result);
// Collects a traced thread if it has ended.
int cl_wait_reap(pid_t tid);

// Policy: makes SIGALRM collect those of the threads named to `cl_reap_watch` that have ended, while
// `cl_reap_every` has it sent to the calling thread. That breaks a knot: a seize that waits for an
// exec that waits for us to collect (ptrace(2), "execve under ptrace").
int cl_reap_start(void);
// How often to look whether a seize is caught, in microseconds, at most a second; 0 for not at all.
// It is taken for caught if no thread was watched since the last look. With very many threads the
// looks are rarer, so that most of the time is left for other work.
int cl_reap_every(unsigned microseconds);
// Adds a traced thread. ENOMEM where there are too many already.
int cl_reap_watch(pid_t tid);
// Ends it, and puts the signal back as it was.
void cl_reap_stop(void);

// process_vm_readv(2). Policy: where a filter forbids it, from then on by /proc/TID/mem. Returns bytes read,
// or the negative errno; EFAULT where nothing can be read at the first address.
ssize_t cl_read_memory(
    pid_t tid, const struct iovec *local, const struct iovec *remote, unsigned long remoteCount);

// The same by /proc/TID/mem alone, which reads what the process itself may not (FOLL_FORCE).
ssize_t cl_read_protected_memory(
    pid_t tid, const struct iovec *local, const struct iovec *remote, unsigned long remoteCount);

// kcmp(2), KCMP_FILES: 1 where two threads have the same table of descriptors, 0 where they have
// not, or the negative errno.
int cl_same_files(pid_t tid, pid_t other);

// fstatfs(2): 1 where what was written to the file by a mapping may not show in its times, since it
// lies in memory; 0 where it does, or the negative errno.
int cl_is_in_memory(int descriptor);
// fstatfs(2): whether it is a POSIX message queue (mq_overview(7)).
int cl_is_message_queue(int descriptor);

typedef struct {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
} cl_page_range;

enum { CL_PAGE_FILE = 1 << 2, CL_PAGE_PRESENT = 1 << 3, CL_PAGE_SWAPPED = 1 << 4,
       CL_PAGE_ZERO = 1 << 5, CL_PAGE_GUARD = 1 << 8 };

// PAGEMAP_SCAN (linux/fs.h, Linux 6.7): pages in [start, end) that are present or swapped and of
// none of the `unwanted` categories. CL_PAGE_FILE is expensive: it reads each page's
// descriptor, which takes three to ten times as long as the table alone. Guard regions (madvise(2),
// MADV_GUARD_INSTALL) are never reported, except by kernels that know them only as swapped.
// `next` says where to go on. Returns how many ranges, or the
// negative errno (-ENOTTY, -EINVAL on older kernels).
ssize_t cl_pagemap_scan(
    int pagemap, uint64_t start, uint64_t end, uint64_t unwanted, cl_page_range *ranges,
    size_t capacity, uint64_t *next);

// Policy: puts something that can be neither read nor written where descriptor 0, 1 or 2 is closed, so that
// no file opened later takes its number and receives what was meant for a person.
void cl_hold_standard_descriptors(void);
// Policy: lets faults end this process at once, without a report of the Swift runtime on standard error
// (SWIFT_BACKTRACE in the environment keeps it).
void cl_fault_silently(void);
// Raises the limit of open files as far as an unprivileged process may.
void cl_allow_many_files(void);

// pthread_create(3) with a stack of this size; 0 for what the system gives. Returns 0 or an errno.
int cl_thread_create(
    pthread_t *thread, size_t stackBytes,
    void *_Nullable (*_Nonnull body)(void *_Nullable),
    void *_Nullable context);

// gettid(2).
pid_t cl_thread_id(void);
// pidfd_open(2). Returns the descriptor or the negative errno.
int cl_pidfd_open(pid_t pid);
// Opens a regular file for reading, close-on-exec. Whatever else has this name is not opened, not
// even for a moment: a device may do something when it is. Returns the descriptor or the negative
// errno.
int cl_open_regular(int directory, const char *path);
// The same below `root` without ever leaving it (openat2(2), RESOLVE_IN_ROOT). `flags` may be
// O_NOFOLLOW.
int cl_open_in_root(int root, const char *path, int flags);
// `st_dev` of stat(2) as `major << 32 | minor`.
uint64_t cl_device(uint64_t device);
// O_PATH (fcntl.h, behind _GNU_SOURCE): a descriptor that names a file without opening it.
extern const int cl_open_path_only;
// openat(2) for reading, close-on-exec. Returns the descriptor or the negative errno.
int cl_openat(int directory, const char *path, int flags);

// getxattr(2) of a file below a folder, its links followed. Returns the size of the value, or the
// negative errno.
ssize_t cl_attribute(
    int directory, const char *path, const char *name, void *value, size_t capacity);

// Makes a file without a name in this folder, to be read and written, which goes away with its
// last descriptor. Returns the descriptor or the negative errno.
int cl_open_temporary(const char *folder);

// memfd_create(2): the same in memory. Returns the descriptor or the negative errno.
int cl_open_in_memory(void);

// fcntl(2), F_DUPFD_CLOEXEC. Returns the descriptor or the negative errno.
int cl_duplicate(int descriptor);

// pipe2(2), close-on-exec: ends[0] is read from, ends[1] written to.
int cl_pipe(int ends[_Nonnull 2]);

// fork(2), for a process with one thread only. Returns the pid, 0 in the child, or the negative
// errno.
pid_t cl_fork(void);
// Asks that this process be killed when its parent ends. ESRCH where `parent` has ended already.
int cl_die_with_parent(pid_t parent);
// Puts this process into a session of its own and blocks what a terminal can send.
void cl_leave_terminal(void);
// Policy: runs the calling thread before others, as SCHED_FIFO or else with the least niceness.
// Best effort; `level` 0 restores what the thread had before.
void cl_raise_priority(int level);
// MADV_HUGEPAGE and MADV_POPULATE_WRITE, best effort.
void cl_prefault(void *start, size_t length);
// A descriptor that becomes readable when SIGINT, SIGTERM, SIGHUP or SIGQUIT arrives (signalfd(2));
// they are blocked from then on. The negative errno where there is none.
int cl_end_signals(void);
// The signal that made it readable; 0 where none did.
int cl_take_signal(int descriptor);
// Ends this process by `signal`, as if it had not been blocked.
void cl_die_of(int signal);
// ioctl(TIOCGWINSZ): columns of a terminal; 0 where it is none.
int cl_terminal_width(int descriptor);

#pragma clang assume_nonnull end
#endif
