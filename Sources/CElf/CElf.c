#include "CElf.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// A mapping the handler may repair. `size` is set last and cleared first; 0 means not in use.
struct mapped_file {
    _Atomic uintptr_t base;
    _Atomic size_t size;
    _Atomic uint64_t lost_pages;
};

enum { mapped_file_limit = 4096 };
static struct mapped_file mapped_files[mapped_file_limit];
static struct sigaction previous_action;
static atomic_int handler_state; // 0 none, 1 being installed, 2 installed

static void repair_lost_page(int signal, siginfo_t *info, void *context) {
    uintptr_t address = (uintptr_t)info->si_addr;
    uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t page = address & ~(page_size - 1);
    if (info->si_code > 0) {
        for (size_t i = 0; i < mapped_file_limit; i++) {
            size_t size = atomic_load(&mapped_files[i].size);
            uintptr_t base = atomic_load(&mapped_files[i].base);
            if (size == 0 || address < base || address - base >= size) continue;
            int saved = errno;
            void *zeroes = mmap((void *)page, page_size, PROT_READ,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            errno = saved;
            if (zeroes == MAP_FAILED) break;
            atomic_fetch_add(&mapped_files[i].lost_pages, 1);
            return;
        }
    }
    if (previous_action.sa_flags & SA_SIGINFO) {
        previous_action.sa_sigaction(signal, info, context);
    } else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
        previous_action.sa_handler(signal);
    } else {
        // Not ours: the instruction faults again, and this time it ends the process.
        struct sigaction standard = {.sa_handler = SIG_DFL};
        sigaction(signal, &standard, NULL);
    }
}

static int install_handler(void) {
    int none = 0;
    if (!atomic_compare_exchange_strong(&handler_state, &none, 1)) return 0;
    struct sigaction action = {.sa_sigaction = repair_lost_page,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGBUS, &action, &previous_action) != 0) {
        atomic_store(&handler_state, 0);
        return errno;
    }
    atomic_store(&handler_state, 2);
    return 0;
}

int ce_map_file(int descriptor, size_t size, const void **base) {
    *base = NULL;
    if (size == 0) return EINVAL;
    int failure = install_handler();
    if (failure != 0) return failure;
    void *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) return errno;
    for (size_t i = 0; i < mapped_file_limit; i++) {
        uintptr_t unused = 0;
        if (!atomic_compare_exchange_strong(&mapped_files[i].base, &unused, (uintptr_t)mapped)) {
            continue;
        }
        atomic_store(&mapped_files[i].lost_pages, 0);
        atomic_store(&mapped_files[i].size, size);
        *base = mapped;
        return 0;
    }
    munmap(mapped, size);
    return ENOSPC;
}

void ce_unmap_file(const void *base, size_t size) {
    for (size_t i = 0; i < mapped_file_limit; i++) {
        if (atomic_load(&mapped_files[i].base) != (uintptr_t)base) continue;
        atomic_store(&mapped_files[i].size, 0);
        munmap((void *)(uintptr_t)base, size);
        atomic_store(&mapped_files[i].base, 0);
        return;
    }
}

uint64_t ce_lost_page_count(const void *base) {
    for (size_t i = 0; i < mapped_file_limit; i++) {
        if (atomic_load(&mapped_files[i].base) == (uintptr_t)base) {
            return atomic_load(&mapped_files[i].lost_pages);
        }
    }
    return 0;
}

// What the copy of the process hands back.
struct result {
    _Atomic int is_done;
    size_t length;
    char bytes[];
};

// Sets the limits of a copy of the process, so that it ends quietly where it exceeds them.
static void limit_copy(uint64_t memory, uint32_t milliseconds) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int signals[] = {SIGALRM, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGXCPU};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        signal(signals[i], SIG_DFL);
        sigaddset(&set, signals[i]);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    // The C++ library speaks up before it ends a process without memory.
    close(STDERR_FILENO);

    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1) _exit(1);
    fclose(file);
    uint64_t size = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) + memory;
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) != 0) _exit(1);
    if (space.rlim_cur == RLIM_INFINITY || space.rlim_cur > size) {
        space.rlim_cur = size;
        if (setrlimit(RLIMIT_AS, &space) != 0) _exit(1);
    }
    struct itimerval timer = {.it_value = {.tv_sec = milliseconds / 1000,
                                           .tv_usec = milliseconds % 1000 * 1000}};
    if (setitimer(ITIMER_REAL, &timer, NULL) != 0) _exit(1);
}

int ce_call_apart(size_t (*body)(void *context, void *output, size_t capacity), void *context,
                  void *output, size_t capacity, size_t *length, uint64_t memory,
                  uint32_t milliseconds) {
    *length = 0;
    size_t size = sizeof(struct result) + capacity;
    struct result *result =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) return errno;
    pid_t child = fork();
    if (child == 0) {
        limit_copy(memory, milliseconds);
        result->length = body(context, result->bytes, capacity);
        atomic_store(&result->is_done, 1);
        _exit(0);
    }
    int failure = child < 0 ? errno : 0;
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
        if (!atomic_load(&result->is_done) || result->length > capacity) {
            failure = ECHILD;
        } else {
            *length = result->length;
            memcpy(output, result->bytes, *length);
        }
    }
    munmap(result, size);
    return failure;
}
