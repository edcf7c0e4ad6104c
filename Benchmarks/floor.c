// The least that a consistent picture of a process costs: seize all threads, interrupt them, wait
// for them, fetch their registers, read the resident private writable memory once, detach.
// Nothing is looked at. scripts/benchmark measures asyncattach's pause against it.
//
// Uses the same system calls, the same priority and the same kind of buffer as asyncattach,
// through the same functions (Sources/CLinux), so that only what is done around them differs.

#include "CLinux.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_THREADS = 1 << 16, WORDS = 64, RANGES = 1 << 14 };

// A list of address ranges of the target, in the form that process_vm_readv takes.
typedef struct {
    struct iovec *items;
    size_t count, capacity, bytes;
} range_list;

typedef struct {
    pid_t id;
    bool stopped;
    int signal;
} thread;

static _Noreturn void fail(const char *what, int error) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(error));
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void append(range_list *list, uint64_t start, uint64_t end) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 1024;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        if (!list->items)
            fail("no memory", ENOMEM);
    }
    list->items[list->count++] = (struct iovec){(void *)(uintptr_t)start, end - start};
    list->bytes += end - start;
}

// Appends the pages of one mapping that are present or swapped out.
static void append_resident(range_list *list, int pagemap, uint64_t start, uint64_t end) {
    static cl_page_range found[RANGES];
    const uint64_t unwanted = CL_PAGE_FILE | CL_PAGE_ZERO;
    while (start < end) {
        uint64_t next = end;
        ssize_t count = cl_pagemap_scan(pagemap, start, end, unwanted, found, RANGES, &next);
        if (count < 0)
            fail("PAGEMAP_SCAN", (int)-count);
        for (ssize_t i = 0; i < count; i++)
            append(list, found[i].start, found[i].end);
        if (next <= start)
            break;
        start = next;
    }
}

// The resident part of every private writable mapping of the process.
static range_list resident_memory(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    int pagemap = open(path, O_RDONLY | O_CLOEXEC);
    if (pagemap < 0)
        fail(path, errno);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        fail(path, errno);
    range_list list = {0};
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, maps) > 0) {
        uint64_t start, end;
        char access[5];
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, access) == 3 &&
            strncmp(access, "rw", 2) == 0 && access[3] == 'p')
            append_resident(&list, pagemap, start, end);
    }
    free(line);
    fclose(maps);
    close(pagemap);
    return list;
}

static size_t seize_all(pid_t pid, thread *threads) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (!folder)
        fail(path, errno);
    size_t count = 0;
    int error = 0;
    for (struct dirent *entry; count < MAXIMUM_THREADS && (entry = readdir(folder));) {
        pid_t id = atoi(entry->d_name);
        if (id <= 0)
            continue;
        int result = cl_ptrace_seize(id);
        if (result == 0)
            threads[count++] = (thread){.id = id};
        else
            error = result;
    }
    closedir(folder);
    if (count == 0)
        fail("PTRACE_SEIZE", error);
    return count;
}

// Looks at every thread by its id until all have stopped or ended.
static void wait_for(thread *threads, size_t count) {
    for (size_t i = 0; i < count; i++) {
        cl_wait_result result;
        int error;
        while ((error = cl_wait_peek(threads[i].id, &result)) == 0 && !result.present)
            usleep(20);
        if (error || result.ended) {
            cl_wait_reap(threads[i].id);
            continue;
        }
        threads[i].stopped = true;
        threads[i].signal = result.status >> 8 ? 0 : result.status & 0xff;
    }
}

// Reads all ranges, a batch of them to a system call. Returns the number of bytes.
static size_t read_all(pid_t pid, const range_list *list, char *buffer) {
    const size_t largest = 8 << 20;
    size_t done = 0;
    for (size_t first = 0; first < list->count;) {
        size_t count = 0, bytes = 0;
        while (first + count < list->count && count < IOV_MAX && bytes < largest)
            bytes += list->items[first + count++].iov_len;
        struct iovec local = {buffer + done, bytes};
        ssize_t got = cl_read_memory(pid, &local, list->items + first, count);
        if (got > 0)
            done += (size_t)got;
        first += count;
    }
    return done;
}

static void usage(FILE *stream) {
    fprintf(stream,
            "usage: floor [--no-memory] PID\n\n"
            "Stops a process, copies it and lets it go on, and prints what that took in\n"
            "nanoseconds, as one JSON object: windowNanoseconds from the first interrupt to the\n"
            "last detach, and the parts of it.\n\n"
            "  --no-memory  registers only\n");
}

int main(int argc, char **argv) {
    bool with_memory = true;
    pid_t pid = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-memory") == 0) {
            with_memory = false;
        } else if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return 0;
        } else if (argv[i][0] != '-' && pid == 0) {
            pid = atoi(argv[i]);
        } else {
            pid = 0;
            break;
        }
    }
    if (pid <= 0) {
        usage(stderr);
        return 64;
    }

    static thread threads[MAXIMUM_THREADS];
    static uint64_t registers[WORDS];
    range_list memory = {0};
    if (with_memory)
        memory = resident_memory(pid);
    char *buffer = mmap(NULL, memory.bytes + 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (buffer == MAP_FAILED)
        fail("mmap", errno);
    cl_prefault(buffer, memory.bytes + 1);
    // Small, and touched once, for the same reason.
    memset(registers, 1, sizeof registers);

    cl_raise_priority(1);
    int64_t begin = now();
    size_t count = seize_all(pid, threads);
    int64_t seized = now();
    for (size_t i = 0; i < count; i++)
        cl_ptrace_interrupt(threads[i].id);
    int64_t interrupted = now();
    wait_for(threads, count);
    int64_t waited = now();
    size_t stopped = 0;
    for (size_t i = 0; i < count; i++) {
        size_t words;
        if (threads[i].stopped &&
            cl_ptrace_registers(threads[i].id, NT_PRSTATUS, registers, WORDS, &words) == 0)
            stopped++;
    }
    int64_t fetched = now();
    size_t bytes = read_all(pid, &memory, buffer);
    int64_t copied = now();
    for (size_t i = 0; i < count; i++)
        cl_ptrace_detach(threads[i].id, threads[i].signal);
    int64_t detached = now();
    cl_raise_priority(0);

    printf("{\"threads\": %zu, \"ranges\": %zu, \"bytes\": %zu, \"seize\": %" PRId64
           ", \"windowNanoseconds\": %" PRId64 ", \"interrupt\": %" PRId64 ", \"wait\": %" PRId64
           ", \"registers\": %" PRId64 ", \"memory\": %" PRId64 ", \"detach\": %" PRId64 "}\n",
           stopped, memory.count, bytes, seized - begin, detached - seized, interrupted - seized,
           waited - interrupted, fetched - waited, copied - fetched, detached - copied);
    free(memory.items);
    return stopped > 0 ? 0 : 1;
}
