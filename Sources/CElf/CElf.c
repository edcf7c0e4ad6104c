#include "CElf.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
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
