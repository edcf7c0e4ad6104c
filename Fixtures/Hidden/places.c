#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static const size_t page = 4096;

/* A word on its way to another thread; nothing stays here. */
static _Atomic uint64_t cell;
static _Atomic int isKept, isWanted;
static int wake[2];

/* Before there are threads, which inherit it. */
__attribute__((constructor)) static void prepare(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (pipe(wake) != 0) abort();
}

static void wait_for_byte(void) {
    char byte;
    while (read(wake[0], &byte, 1) < 0)
        if (errno != EINTR) abort();
}

static void send_byte(void) {
    if (write(wake[1], "x", 1) != 1) abort();
}

// MARK: In a thread

static bool start(void *(*body)(void *), uint64_t value) {
    cell = value;
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, NULL) != 0) abort();
    pthread_detach(thread);
    while (!isKept) usleep(100);
    return isKept > 0;
}

static uint64_t take_from_cell(void) {
    uint64_t value;
    while (!(value = atomic_exchange(&cell, 0))) usleep(100);
    return value;
}

static uint64_t ask(void) {
    isWanted = 1;
    send_byte();
    return take_from_cell();
}

/* In the registers of the thread alone, all the time: no call, and nothing is spilled. */
static void *keep_in_vector(void *argument) {
    (void)argument;
#if defined(__x86_64__)
    __asm__ volatile(
        "xor %%eax, %%eax\n\txchg %%rax, %[cell]\n\tmovq %%rax, %%xmm9\n\txor %%eax, %%eax\n\t"
        "movl $1, %[kept]\n"
        "1:\tpause\n\tcmpl $0, %[wanted]\n\tje 1b\n\t"
        "movq %%xmm9, %%rax\n\txchg %%rax, %[cell]\n\t"
        : [cell] "+m"(cell), [kept] "+m"(isKept)
        : [wanted] "m"(isWanted)
        : "rax", "xmm9", "memory", "cc");
#else
    __asm__ volatile(
        "ldr x9, [%[cell]]\n\tstr xzr, [%[cell]]\n\tfmov d9, x9\n\tmov x9, #0\n\tmov w10, #1\n\t"
        "str w10, [%[kept]]\n"
        "1:\tyield\n\tldr w10, [%[wanted]]\n\tcbz w10, 1b\n\t"
        "fmov x9, d9\n\tstr x9, [%[cell]]\n\t"
        :
        : [cell] "r"(&cell), [kept] "r"(&isKept), [wanted] "r"(&isWanted)
        : "x9", "x10", "d9", "memory");
#endif
    for (;;) pause();
}

/* In its upper half, five bytes from where a word would begin. */
static void *keep_in_upper_half(void *argument) {
    (void)argument;
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2")) {
        isKept = -1;
        return NULL;
    }
    __asm__ volatile(
        "xor %%eax, %%eax\n\txchg %%rax, %[cell]\n\tmovq %%rax, %%xmm9\n\txor %%eax, %%eax\n\t"
        "pslldq $5, %%xmm9\n\tvpxor %%xmm10, %%xmm10, %%xmm10\n\t"
        "vinserti128 $1, %%xmm9, %%ymm10, %%ymm9\n\t"
        "movl $1, %[kept]\n"
        "1:\tpause\n\tcmpl $0, %[wanted]\n\tje 1b\n\t"
        "vextracti128 $1, %%ymm9, %%xmm9\n\tpsrldq $5, %%xmm9\n\t"
        "movq %%xmm9, %%rax\n\tvzeroupper\n\txchg %%rax, %[cell]\n\t"
        : [cell] "+m"(cell), [kept] "+m"(isKept)
        : [wanted] "m"(isWanted)
        : "rax", "xmm9", "xmm10", "memory", "cc");
    for (;;) pause();
#else
    isKept = -1;
    return NULL;
#endif
}

/* In an epoll that no other thread has a descriptor of. */
static void *keep_in_own_epoll(void *argument) {
    (void)argument;
    if (unshare(CLONE_FILES) != 0) {
        isKept = -1;
        return NULL;
    }
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = atomic_exchange(&cell, 0)};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, wake[0], &event) != 0) abort();
    event.data.u64 = 0;
    isKept = 1;
    while (epoll_wait(epoll, &event, 1, -1) != 1) {}
    cell = event.data.u64;
    for (;;) pause();
}

/* In a signal of an old kind that waits for this thread alone. */
__attribute__((noinline)) static void send_to_self(void) {
    union sigval value = {.sival_ptr = (void *)(uintptr_t)atomic_exchange(&cell, 0)};
    if (pthread_sigqueue(pthread_self(), SIGUSR2, value) != 0) abort();
}

/* Clears what the calls before have left on the stack. */
__attribute__((noinline)) static void wipe(void) {
    char room[1 << 14];
    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory");
}

static void *keep_in_signal(void *argument) {
    (void)argument;
    send_to_self();
    wipe();
    isKept = 1;
    wait_for_byte();
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    if (sigwaitinfo(&set, &info) < 0) abort();
    cell = (uint64_t)(uintptr_t)info.si_value.sival_ptr;
    for (;;) pause();
}

/* A stack inside of a stack: the frame that has the word lies below the one that goes on. */
static ucontext_t outer, inner;

static void run_inside(void) {
    isKept = 1;
    wait_for_byte();
    swapcontext(&inner, &outer);
}

__attribute__((noinline)) static void keep_below(void) {
    volatile uint64_t word[64] = {0};
    word[32] = atomic_exchange(&cell, 0);
    swapcontext(&outer, &inner);
    cell = word[32];
}

static void *keep_outside_coroutine(void *argument) {
    (void)argument;
    char stack[1 << 16];
    getcontext(&inner);
    inner.uc_stack.ss_sp = stack;
    inner.uc_stack.ss_size = sizeof stack;
    inner.uc_link = NULL;
    makecontext(&inner, run_inside, 0);
    keep_below();
    for (;;) pause();
}

static void handle(int signal) {
    (void)signal;
    isKept = 1;
    wait_for_byte();
}

__attribute__((noinline)) static void keep_below_handler(void) {
    volatile uint64_t word[64] = {0};
    word[32] = atomic_exchange(&cell, 0);
    pthread_kill(pthread_self(), SIGURG);
    cell = word[32];
}

static void *keep_outside_handler(void *argument) {
    (void)argument;
    char memory[1 << 16];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGURG, &action, NULL) != 0) abort();
    keep_below_handler();
    for (;;) pause();
}

/* At the far end of a stack that is the program's own, below everything that the thread uses. */
static void *sit(void *argument) {
    (void)argument;
    isKept = 1;
    for (;;) pause();
}

static uint64_t *ownStack;

static bool put_below_own_stack(uint64_t value) {
    const size_t size = 1 << 20;
    char *memory = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + page, size, PROT_READ | PROT_WRITE) != 0) abort();
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, memory + page, size);
    if (pthread_create(&thread, &attributes, sit, NULL) != 0) abort();
    ownStack = (uint64_t *)(memory + page);
    ownStack[7] = value;
    while (!isKept) usleep(100);
    return true;
}

// MARK: In memory

static uint64_t *memory;

static uint64_t *map_page(int flags, int file) {
    uint64_t *result = mmap(NULL, page, PROT_READ | PROT_WRITE, flags, file, 0);
    if (result == MAP_FAILED) abort();
    return result;
}

static bool put_protected(uint64_t value, int protection) {
    memory = map_page(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memory[5] = value;
    if (mprotect(memory, page, protection) != 0) abort();
    return true;
}

static uint64_t take_protected(void) {
    if (mprotect(memory, page, PROT_READ | PROT_WRITE) != 0) abort();
    return memory[5];
}

static bool put_in_file(uint64_t value, int flags) {
    int file = memfd_create("hidden", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)page) != 0 || pwrite(file, &value, 8, 40) != 8) abort();
    memory = mmap(NULL, page, PROT_READ, flags, file, 0);
    if (memory == MAP_FAILED) abort();
    close(file);
    return true;
}

static char *packed;

static bool put_packed(uint64_t value) {
    packed = malloc(200);
    memset(packed, 0, 200);
    memcpy(packed + 77, &value, sizeof value);
    return true;
}

static uint64_t take_packed(void) {
    uint64_t value;
    memcpy(&value, packed + 77, sizeof value);
    return value;
}

// MARK: In the kernel

static void receive(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)context;
    cell = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
}

/* The first thread lets signals in. */
static struct sigevent event_with(uint64_t value) {
    struct sigaction action = {.sa_sigaction = receive, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGRTMIN + 3, &action, NULL) != 0) abort();
    return (struct sigevent){
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3,
        .sigev_value.sival_ptr = (void *)(uintptr_t)value};
}

static timer_t timer;

static bool put_in_timer(uint64_t value) {
    struct sigevent event = event_with(value);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return false;
    struct itimerspec time = {.it_value.tv_sec = 86400};
    timer_settime(timer, 0, &time, NULL);
    return true;
}

static uint64_t take_from_timer(void) {
    struct itimerspec time = {.it_value.tv_nsec = 1};
    timer_settime(timer, 0, &time, NULL);
    return take_from_cell();
}

static mqd_t messages;

static bool put_in_message_queue(uint64_t value) {
    char name[64];
    snprintf(name, sizeof name, "/asyncattach-%d", getpid());
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    messages = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (messages < 0) return false;
    mq_unlink(name);
    struct sigevent event = event_with(value);
    return mq_notify(messages, &event) == 0;
}

static uint64_t take_from_message_queue(void) {
    if (mq_send(messages, "x", 1, 0) != 0) abort();
    return take_from_cell();
}

static int counter;

static bool put_in_counter(uint64_t value) {
    counter = eventfd(0, EFD_CLOEXEC);
    return counter >= 0 && write(counter, &value, sizeof value) == sizeof value;
}

static uint64_t take_from_counter(void) {
    uint64_t value = 0;
    if (read(counter, &value, sizeof value) != sizeof value) abort();
    return value;
}

/* A ring whose descriptor is closed: what is mapped of it keeps it. */
static struct io_uring_cqe *completions;
static _Atomic uint32_t *completionTail;

static bool put_in_ring(uint64_t value) {
    struct io_uring_params parameters = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
    if (ring < 0) return false;
    const int flags = MAP_SHARED | MAP_POPULATE, access = PROT_READ | PROT_WRITE;
    char *queue = mmap(NULL, page, access, flags, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *entry = mmap(NULL, page, access, flags, ring, IORING_OFF_SQES);
    if (queue == MAP_FAILED || entry == MAP_FAILED) abort();
    *entry = (struct io_uring_sqe){
        .opcode = IORING_OP_POLL_ADD, .fd = wake[0], .poll32_events = POLLIN, .user_data = value};
    ((uint32_t *)(queue + parameters.sq_off.array))[0] = 0;
    atomic_fetch_add((_Atomic uint32_t *)(queue + parameters.sq_off.tail), 1);
    if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1) abort();
    memset(entry, 0, sizeof *entry);
    completions = (struct io_uring_cqe *)(queue + parameters.cq_off.cqes);
    completionTail = (_Atomic uint32_t *)(queue + parameters.cq_off.tail);
    close(ring);
    return true;
}

static uint64_t take_from_ring(void) {
    send_byte();
    while (*completionTail == 0) usleep(100);
    return completions[0].user_data;
}

// MARK: In a queue

void *dispatch_queue_create(const char *label, const void *attributes);
void dispatch_async_f(void *queue, void *context, void (*work)(void *));
void dispatch_suspend(void *object);
void dispatch_resume(void *object);
void swift_continuation_resume(void *task);

static void *queue;

/* The runtime's own function is what the queue is to call. */
static bool put_in_queue(uint64_t value) {
    queue = dispatch_queue_create("hidden", NULL);
    dispatch_suspend(queue);
    dispatch_async_f(queue, (void *)(uintptr_t)value, swift_continuation_resume);
    return true;
}

void hidden_open_queue(void) { dispatch_resume(queue); }

// MARK: All of them

static bool is(const char *place, const char *name) { return strcmp(place, name) == 0; }

bool hidden_put(const char *place, uint64_t value) {
    if (is(place, "vector")) return start(keep_in_vector, value);
    if (is(place, "vector-half")) return start(keep_in_upper_half, value);
    if (is(place, "own-epoll")) return start(keep_in_own_epoll, value);
    if (is(place, "thread-signal")) return start(keep_in_signal, value);
    if (is(place, "coroutine")) return start(keep_outside_coroutine, value);
    if (is(place, "signal-stack")) return start(keep_outside_handler, value);
    if (is(place, "own-stack")) return put_below_own_stack(value);
    if (is(place, "no-access")) return put_protected(value, PROT_NONE);
    if (is(place, "read-only")) return put_protected(value, PROT_READ);
    if (is(place, "execute-only")) return put_protected(value, PROT_EXEC);
    if (is(place, "shared-file")) return put_in_file(value, MAP_SHARED);
    if (is(place, "private-file")) return put_in_file(value, MAP_PRIVATE);
    if (is(place, "packed")) return put_packed(value);
    if (is(place, "timer")) return put_in_timer(value);
    if (is(place, "message-queue")) return put_in_message_queue(value);
    if (is(place, "counter")) return put_in_counter(value);
    if (is(place, "ring")) return put_in_ring(value);
    if (is(place, "queue")) return put_in_queue(value);
    return false;
}

uint64_t hidden_take(const char *place) {
    if (is(place, "own-stack")) return ownStack[7];
    if (is(place, "no-access") || is(place, "read-only") || is(place, "execute-only"))
        return take_protected();
    if (is(place, "shared-file") || is(place, "private-file")) return memory[5];
    if (is(place, "packed")) return take_packed();
    if (is(place, "timer")) return take_from_timer();
    if (is(place, "message-queue")) return take_from_message_queue();
    if (is(place, "counter")) return take_from_counter();
    if (is(place, "ring")) return take_from_ring();
    return ask();
}
