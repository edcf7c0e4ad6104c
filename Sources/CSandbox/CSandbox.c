#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Capabilities of a program file or of a service manager survive a change of user. They belong to a
// thread: to the one that goes on to read foreign bytes. Returns whether they are gone.
static int drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof none);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0;
}

// Returns whether all of it is gone but perhaps the user: a user namespace need not have another.
static int give_up_privileges(void) {
    int is_complete = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (geteuid() == 0) {
        pid_t parent = getppid();
        int signal = 0;
        prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
        const uid_t nobody = 65534;
        int is_nobody = setgroups(0, NULL) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
                        setresuid(nobody, nobody, nobody) == 0;
        // A change of user forgets the wish to die with the parent.
        if (is_nobody && signal != 0 &&
            (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0 || getppid() != parent))
            _exit(70);
    }
    return drop_capabilities() && is_complete;
}

// Lowers a limit; never raises one. Returns whether it holds.
static int limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return 0;
    if (limit.rlim_cur > soft) limit.rlim_cur = soft;
    if (limit.rlim_max > hard) limit.rlim_max = hard;
    return setrlimit(resource, &limit) == 0;
}

void sb_confine(uint64_t address_space, uint64_t processor_seconds) {
    give_up_privileges();
    if (address_space) limit(RLIMIT_AS, address_space, address_space);
    if (processor_seconds) limit(RLIMIT_CPU, processor_seconds, processor_seconds + 1);
    limit(RLIMIT_CORE, 0, 0);
}

// Bytes of address space by the kernel's count (proc_pid_statm(5)); 0 where it does not say.
static uint64_t address_space_in_use(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int is_kept(const sb_rules *rules, int descriptor) {
    for (size_t i = 0; i < rules->kept_count; i++)
        if (rules->kept[i] == descriptor) return 1;
    return 0;
}

static void close_range_of(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    // Before Linux 5.9. There are no numbers above the limit that was in force when they were made.
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) files.rlim_cur = 1024;
    for (unsigned i = first; i <= last && i < files.rlim_cur && i < 1u << 20; i++) close((int)i);
}

// Returns whether none but the kept descriptors lead anywhere.
static int close_others(const sb_rules *rules) {
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    // In an empty root there is no such file, but a folder that can be neither read nor written.
    if (nowhere < 0) nowhere = open("/", O_PATH | O_CLOEXEC);
    if (nowhere < 0) return 0;
    for (int i = 0; i <= 2; i++)
        if (!is_kept(rules, i) && i != nowhere && dup2(nowhere, i) < 0) return 0;
    unsigned next = 3;
    for (;;) {
        unsigned kept = ~0u;
        for (size_t i = 0; i < rules->kept_count; i++) {
            int one = rules->kept[i];
            if (one >= (int)next && (unsigned)one < kept) kept = (unsigned)one;
        }
        close_range_of(next, kept - 1 < ~0u - 1 ? kept - 1 : ~0u);
        if (kept == ~0u) return 1;
        next = kept + 1;
    }
}

static void default_signals(void) {
    const int signals[] = {SIGALRM, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGXCPU};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        signal(signals[i], SIG_DFL);
        sigaddset(&set, signals[i]);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

// Puts this process under the rules. Returns whether all of them hold.
static int obey(const sb_rules *rules, pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) return 0;
    default_signals();
    if (!close_others(rules)) return 0;
    // What was inherited is in the count already.
    uint64_t used = rules->memory ? address_space_in_use() : 0;
    if (rules->memory && (used == 0 || !limit(RLIMIT_AS, used + rules->memory,
                                              used + rules->memory)))
        return 0;
    uint64_t seconds = rules->processor_seconds;
    if (seconds && !limit(RLIMIT_CPU, seconds, seconds + 1)) return 0;
    if (!limit(RLIMIT_CORE, 0, 0)) return 0;
    return rules->keeps_privileges || give_up_privileges();
}

pid_t sb_fork(const sb_rules *rules) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child == 0 && !obey(rules, parent)) _exit(71);
    return child;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t sb_deadline(uint32_t milliseconds) {
    return milliseconds ? now() + (int64_t)milliseconds * 1000000 : INT64_MAX;
}

// Waits for the end of a child without collecting it. Returns whether it came in time.
static int ends_in_time(pid_t child, int64_t deadline) {
    int handle = (int)syscall(SYS_pidfd_open, child, 0);
    int has_ended = 0;
    for (;;) {
        int64_t left = deadline - now();
        if (left <= 0) break;
        // Without a pidfd (before Linux 5.3) we have to look now and then.
        int64_t most = handle >= 0 ? 60000 : 1;
        int wait = left / 1000000 + 1 < most ? (int)(left / 1000000 + 1) : (int)most;
        struct pollfd poller = {.fd = handle, .events = POLLIN};
        int count = poll(&poller, 1, wait);
        siginfo_t info = {0};
        if (handle < 0 && waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
            count = info.si_pid == child;
        if (count > 0) {
            has_ended = 1;
            break;
        }
    }
    if (handle >= 0) close(handle);
    return has_ended;
}

int sb_wait(pid_t child, int64_t deadline, int *status) {
    int is_late = deadline != INT64_MAX && !ends_in_time(child, deadline);
    if (is_late) kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR) return errno;
    // It may have ended of itself just before.
    return is_late && WIFSIGNALED(*status) ? ETIMEDOUT : 0;
}

// What the process hands back.
struct result {
    _Atomic int is_done;
    size_t length;
    _Alignas(16) char bytes[];
};

int sb_call(size_t (*body)(void *context, void *output, size_t capacity), void *context,
            void *output, size_t capacity, size_t *length, const sb_rules *rules) {
    *length = 0;
    size_t size = sizeof(struct result) + capacity;
    struct result *result =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) return errno;
    int64_t deadline = sb_deadline(rules->milliseconds);
    pid_t child = sb_fork(rules);
    if (child == 0) {
        result->length = body(context, result->bytes, capacity);
        atomic_store(&result->is_done, 1);
        _exit(0);
    }
    int status = 0;
    int failure = child < 0 ? -child : sb_wait(child, deadline, &status);
    if (failure == 0) {
        // Read once: what the process has left behind may still write there.
        size_t got = result->length;
        if (!atomic_load(&result->is_done) || got > capacity) {
            failure = ECHILD;
        } else {
            memcpy(output, result->bytes, got);
            *length = got;
        }
    }
    munmap(result, size);
    return failure;
}
