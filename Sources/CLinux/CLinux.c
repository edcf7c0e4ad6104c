#include "CLinux.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int result_of(long value) { return value < 0 ? errno : 0; }

int cl_ptrace_seize(pid_t tid) { return result_of(ptrace(PTRACE_SEIZE, tid, 0, 0)); }

int cl_ptrace_interrupt(pid_t tid) { return result_of(ptrace(PTRACE_INTERRUPT, tid, 0, 0)); }

int cl_ptrace_detach(pid_t tid, int signal) {
    return result_of(ptrace(PTRACE_DETACH, tid, 0, (void *)(intptr_t)signal));
}

int cl_ptrace_registers(
    pid_t tid, unsigned set, uint64_t *words, size_t capacity, size_t *count) {
    struct iovec vector = {words, capacity * sizeof *words};
    *count = 0;
    if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)set, &vector) < 0)
        return errno;
    *count = vector.iov_len / sizeof *words;
    return 0;
}

ssize_t cl_ptrace_pending(
    pid_t tid, int isShared, uint64_t from, siginfo_t *signals, size_t count) {
    struct __ptrace_peeksiginfo_args arguments = {
        from, isShared ? PTRACE_PEEKSIGINFO_SHARED : 0, (int32_t)count};
    long found = ptrace(PTRACE_PEEKSIGINFO, tid, &arguments, signals);
    return found < 0 ? -errno : found;
}

int cl_ptrace_signal(pid_t tid, siginfo_t *signal) {
    return result_of(ptrace(PTRACE_GETSIGINFO, tid, 0, signal));
}

int cl_ptrace_probe(void) {
    // No process has this number: the kernel's largest is 2^22.
    return result_of(ptrace(PTRACE_PEEKDATA, 0x7ffffff0, 0, 0));
}

static int has_ended(const siginfo_t *info) {
    return info->si_code == CLD_EXITED || info->si_code == CLD_KILLED ||
        info->si_code == CLD_DUMPED;
}

int cl_wait_peek(pid_t tid, cl_wait_result *result) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    memset(result, 0, sizeof *result);
    while (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
        if (errno != EINTR)
            return errno;
    if (info.si_pid == 0)
        return 0;
    result->present = 1;
    result->ended = has_ended(&info);
    result->status = info.si_status;
    return 0;
}

int cl_wait_reap(pid_t tid) {
    // A tracer's wait takes stops too, whatever it asks for: look before.
    cl_wait_result result;
    int error = cl_wait_peek(tid, &result);
    if (error || !result.ended)
        return error;
    siginfo_t info;
    return result_of(waitid(P_PID, (id_t)tid, &info, WEXITED | WNOHANG | __WALL));
}

static struct {
    pid_t tids[1 << 17];
    volatile sig_atomic_t count;
    // What `count` was when the timer last ran out.
    volatile sig_atomic_t seen;
    // Nanoseconds; 0 while nothing is collected.
    volatile sig_atomic_t period;
    timer_t timer;
    struct sigaction action;
    sigset_t mask;
} reaper;

static int64_t monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int run_timer(int64_t nanoseconds) {
    struct itimerspec once;
    memset(&once, 0, sizeof once);
    once.it_value.tv_sec = nanoseconds / 1000000000;
    once.it_value.tv_nsec = nanoseconds % 1000000000;
    return result_of(timer_settime(reaper.timer, 0, &once, NULL));
}

/* Asks about each thread, since waitid(2) for any child takes stops where there are some, and does
   not get past one that it only looks at. So it is done only where no thread was seized since the
   timer last ran out, and takes no more than a fifth of the time. */
static void reap_ended(int signal) {
    (void)signal;
    int64_t period = reaper.period;
    if (!period)
        return;
    int saved = errno;
    int count = reaper.count;
    if (count == reaper.seen) {
        int64_t start = monotonic_nanoseconds();
        for (int i = 0; i < count; i++)
            cl_wait_reap(reaper.tids[i]);
        int64_t pause = 4 * (monotonic_nanoseconds() - start);
        if (pause > period)
            period = pause;
    }
    reaper.seen = count;
    run_timer(period);
    errno = saved;
}

int cl_reap_start(void) {
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGALRM;
    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &reaper.timer) < 0)
        return errno;
    reaper.count = 0;
    reaper.period = 0;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = reap_ended;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, &reaper.action);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &set, &reaper.mask);
    return 0;
}

int cl_reap_every(unsigned microseconds) {
    // First, so that a signal which is on its way does not start the timer again.
    reaper.period = (sig_atomic_t)(microseconds < 1000000 ? microseconds : 1000000) * 1000;
    reaper.seen = -1;
    return run_timer(reaper.period);
}

int cl_reap_watch(pid_t tid) {
    int count = reaper.count;
    if ((size_t)count >= sizeof reaper.tids / sizeof *reaper.tids)
        return ENOMEM;
    reaper.tids[count] = tid;
    reaper.count = count + 1;
    return 0;
}

void cl_reap_stop(void) {
    timer_delete(reaper.timer);
    pthread_sigmask(SIG_SETMASK, &reaper.mask, NULL);
    sigaction(SIGALRM, &reaper.action, NULL);
    reaper.count = 0;
}

/* The same by /proc/TID/mem, which no seccomp filter knows of: that of containerd lets ptrace(2)
   pass and not process_vm_readv(2), and gVisor has not got it. */
static ssize_t read_memory_file(
    pid_t tid, void *local, size_t capacity, const struct iovec *remote, unsigned long count) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/mem", tid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -errno;
    size_t total = 0;
    int failure = 0;
    for (unsigned long i = 0; i < count && total < capacity && !failure; i++) {
        size_t wanted = remote[i].iov_len < capacity - total ? remote[i].iov_len : capacity - total;
        size_t got = 0;
        while (got < wanted) {
            ssize_t part = pread(
                file, (char *)local + total + got, wanted - got,
                (off_t)((uintptr_t)remote[i].iov_base + got));
            if (part < 0 && errno == EINTR)
                continue;
            if (part <= 0) {
                // Of an address that nothing is mapped at it says EIO (proc_pid_mem(5)).
                failure = part == 0 || errno == EIO ? EFAULT : errno;
                break;
            }
            got += (size_t)part;
        }
        total += got;
    }
    close(file);
    return total > 0 || !failure ? (ssize_t)total : -failure;
}

ssize_t cl_read_memory(
    pid_t tid, const struct iovec *local, const struct iovec *remote, unsigned long remoteCount) {
    static int isFiltered;
    if (!isFiltered) {
        ssize_t count = process_vm_readv(tid, local, 1, remote, remoteCount, 0);
        if (count >= 0 || (errno != EPERM && errno != ENOSYS))
            return count < 0 ? -errno : count;
    }
    ssize_t count =
        read_memory_file(tid, local->iov_base, local->iov_len, remote, remoteCount);
    if (count > 0)
        isFiltered = 1;
    return count;
}

ssize_t cl_read_protected_memory(
    pid_t tid, const struct iovec *local, const struct iovec *remote, unsigned long remoteCount) {
    return read_memory_file(tid, local->iov_base, local->iov_len, remote, remoteCount);
}

int cl_same_files(pid_t tid, pid_t other) {
    long result = syscall(SYS_kcmp, tid, other, KCMP_FILES, 0, 0);
    return result < 0 ? -errno : result == 0;
}

int cl_is_in_memory(int descriptor) {
    struct statfs status;
    if (fstatfs(descriptor, &status) < 0)
        return -errno;
    return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC ||
        status.f_type == HUGETLBFS_MAGIC;
}

int cl_is_message_queue(int descriptor) {
    const long magic = 0x19800202;  // ipc/mqueue.c
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 && status.f_type == magic;
}

// Layout of linux/fs.h since 6.7; older headers lack it.
struct scan_argument {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

ssize_t cl_pagemap_scan(
    int pagemap, uint64_t start, uint64_t end, uint64_t unwanted, cl_page_range *ranges,
    size_t capacity, uint64_t *next) {
    struct scan_argument argument;
    memset(&argument, 0, sizeof argument);
    argument.size = sizeof argument;
    argument.start = start;
    argument.end = end;
    argument.vec = (uint64_t)(uintptr_t)ranges;
    argument.vec_len = capacity;
    argument.category_inverted = unwanted | CL_PAGE_GUARD;
    argument.category_mask = unwanted | CL_PAGE_GUARD;
    argument.category_anyof_mask = CL_PAGE_PRESENT | CL_PAGE_SWAPPED;
    argument.return_mask = CL_PAGE_PRESENT | CL_PAGE_SWAPPED;
    const unsigned long request = _IOWR('f', 16, struct scan_argument);
    int count = ioctl(pagemap, request, &argument);
    if (count < 0 && errno == EINVAL) {
        argument.category_inverted &= ~(uint64_t)CL_PAGE_GUARD;
        argument.category_mask &= ~(uint64_t)CL_PAGE_GUARD;
        count = ioctl(pagemap, request, &argument);
    }
    if (count < 0)
        return -errno;
    *next = argument.walk_end;
    // Linux 6.18 was seen to report a stale end when it fills the vector.
    if (count > 0 && ranges[count - 1].end > *next)
        *next = ranges[count - 1].end;
    if ((size_t)count < capacity)
        *next = end;
    return count;
}

void cl_hold_standard_descriptors(void) {
    for (int wanted = 0; wanted <= 2; wanted++) {
        if (fcntl(wanted, F_GETFD) >= 0 || errno != EBADF)
            continue;
        // Those below are open, so that this is the number it gets.
        if (open("/dev/null", wanted == 0 ? O_WRONLY : O_RDONLY) < 0)
            open("/", O_PATH);
    }
}

void cl_fault_silently(void) {
    if (getenv("SWIFT_BACKTRACE"))
        return;
    const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
}

void cl_allow_many_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int cl_thread_create(
    pthread_t *thread, size_t stackBytes, void *(*body)(void *), void *context) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    if (stackBytes)
        error = pthread_attr_setstacksize(&attributes, stackBytes);
    if (!error)
        error = pthread_create(thread, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    return error;
}

const int cl_open_path_only = O_PATH;

pid_t cl_thread_id(void) { return gettid(); }

int cl_pidfd_open(pid_t pid) {
    long descriptor = syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
}

// Opens what `file` (O_PATH) names if it is a regular file, and closes `file`.
static int open_if_regular(int file) {
    if (file < 0)
        return -errno;
    int result = -EINVAL;
    struct stat status;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        result = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (result < 0)
            result = -errno;
    }
    close(file);
    return result;
}

int cl_open_in_root(int root, const char *path, int flags) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return open_if_regular((int)syscall(SYS_openat2, root, path, &how, sizeof how));
}

int cl_open_regular(int directory, const char *path) {
    return open_if_regular(openat(directory, path, O_PATH | O_CLOEXEC));
}

uint64_t cl_device(uint64_t device) {
    return (uint64_t)gnu_dev_major(device) << 32 | gnu_dev_minor(device);
}

int cl_openat(int directory, const char *path, int flags) {
    int descriptor = openat(directory, path, flags | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

ssize_t cl_attribute(
    int directory, const char *path, const char *name, void *value, size_t capacity) {
    // There is no getxattrat(2) before Linux 6.13. A folder of ours has this name as well.
    char whole[256];
    int length = snprintf(whole, sizeof whole, "/proc/self/fd/%d/%s", directory, path);
    if (length < 0 || (size_t)length >= sizeof whole)
        return -ENAMETOOLONG;
    ssize_t size = getxattr(whole, name, value, capacity);
    return size < 0 ? -errno : size;
}

int cl_open_temporary(const char *folder) {
    int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (descriptor >= 0)
        return descriptor;
    // Not every file system can.
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/asyncattach-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path)
        return -ENAMETOOLONG;
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    unlink(path);
    return descriptor;
}

int cl_open_in_memory(void) {
    int descriptor = memfd_create("asyncattach", MFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int cl_duplicate(int descriptor) {
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int cl_pipe(int ends[2]) { return result_of(pipe2(ends, O_CLOEXEC)); }

pid_t cl_fork(void) {
    pid_t pid = fork();
    return pid < 0 ? -errno : pid;
}

int cl_die_with_parent(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return errno;
    return getppid() == parent ? 0 : ESRCH;
}

void cl_leave_terminal(void) {
    setsid();
    sigset_t set;
    sigemptyset(&set);
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

// What a thread had before it was raised.
static _Thread_local struct {
    int is_raised;
    int policy;
    int nice;
    struct sched_param parameter;
} before;

void cl_raise_priority(int level) {
    if (level > 0) {
        if (!before.is_raised) {
            before.policy = sched_getscheduler(0);
            errno = 0;
            before.nice = getpriority(PRIO_PROCESS, 0);
            before.is_raised = before.policy >= 0 && errno == 0 &&
                sched_getparam(0, &before.parameter) == 0;
        }
        struct sched_param parameter;
        memset(&parameter, 0, sizeof parameter);
        parameter.sched_priority = 1;
        if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter) < 0)
            setpriority(PRIO_PROCESS, 0, -20);
    } else if (before.is_raised) {
        sched_setscheduler(0, before.policy, &before.parameter);
        setpriority(PRIO_PROCESS, 0, before.nice);
        before.is_raised = 0;
    }
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void cl_prefault(void *start, size_t length) {
    madvise(start, length, MADV_HUGEPAGE);
    madvise(start, length, MADV_POPULATE_WRITE);
}

static void end_signals(sigset_t *set) {
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(set, signals[i]);
}

int cl_end_signals(void) {
    sigset_t set;
    end_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int cl_take_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

void cl_die_of(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int cl_terminal_width(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}
