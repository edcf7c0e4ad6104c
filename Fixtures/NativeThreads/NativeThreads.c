// flags: -fno-optimize-sibling-calls
// One thread for each state that a native stack can be found in. No Swift.
#include <linux/futex.h>
#include <sys/epoll.h>
#include <time.h>

#include "../Support/fixture.h"
#include "native.h"

// Where the kernel has no such calls, the C library makes others.
#ifndef SYS_pause
#define SYS_pause SYS_ppoll
#define SYS_epoll_wait SYS_epoll_pwait
#endif

enum { spinning = -1, depth = 20000 };

struct thread {
    const char *name;      // as the kernel gets it
    const char *written;   // as JSON has it; null: the same
    void (*body)(void);
    long system_call;      // what it blocks in, or `spinning`
    const char *stack;     // its functions, innermost first
    int count;             // how often the second of them repeats
    volatile pid_t tid;
};

static volatile int touched;
static volatile bool is_deep;

__attribute__((noinline)) static void wait_here(void) {
    for (;;) pause();
}

static void in_nanosleep(void) {
    struct timespec day = {.tv_sec = 86400};
    for (;;) nanosleep(&day, NULL);
}

static void in_read(void) {
    int ends[2];
    char byte;
    if (pipe(ends)) fixture_fail("pipe");
    for (;;) touched = (int)read(ends[0], &byte, 1);
}

static void in_epoll(void) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event;
    for (;;) epoll_wait(set, &event, 1, -1);
}

static void in_futex(void) {
    static int word;
    for (;;) syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void in_mutex(void) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static void in_clock(void) {
    struct timespec time;
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &time);
        touched = (int)time.tv_nsec;
    }
}

__attribute__((noinline)) static void descend(int remaining) {
    volatile char space[64];
    space[0] = (char)remaining;
    if (remaining > 1) descend(remaining - 1);
    else {
        is_deep = true;
        wait_here();
    }
    touched = space[0];
}

static void deep(void) {
    descend(depth);
    touched = 1;
}

static void handler(int number) {
    (void)number;
    wait_here();
    touched = 1;
}

static void handle(int number, int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static void alternate_stack(void) {
    enum { size = 64 << 10 };
    stack_t stack = {.ss_sp = malloc(size), .ss_size = size};
    if (!stack.ss_sp || sigaltstack(&stack, NULL)) fixture_fail("sigaltstack");
}

static void in_handler(void) {
    handle(SIGUSR1, 0);
    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
    touched = 1;
}

static void in_handler_on_other_stack(void) {
    alternate_stack();
    handle(SIGUSR2, SA_ONSTACK);
    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2);
    touched = 1;
}

static void in_fault_handler(void) {
    alternate_stack();
    handle(SIGSEGV, SA_ONSTACK);
    write_at_entry(NULL);
    touched = 1;
}

static void below_frame_pointer(void) {
    frame_pointer_only(wait_here);
    touched = 1;
}

static void below_nothing(void) {
    no_frame_information(wait_here);
    touched = 1;
}

static struct thread threads[] = {
    {"nanosleep", 0, in_nanosleep, SYS_clock_nanosleep, "\"in_nanosleep\",\"run\"", 0, 0},
    {"read", 0, in_read, SYS_read, "\"in_read\",\"run\"", 0, 0},
    {"epoll", 0, in_epoll, SYS_epoll_wait, "\"in_epoll\",\"run\"", 0, 0},
    {"futex", 0, in_futex, SYS_futex, "\"in_futex\",\"run\"", 0, 0},
    {"mutex", 0, in_mutex, SYS_futex, "\"in_mutex\",\"run\"", 0, 0},
    {"clock", 0, in_clock, spinning, "\"in_clock\",\"run\"", 0, 0},
    {"deep", 0, deep, SYS_pause, "\"wait_here\",\"descend\",\"deep\",\"run\"", depth, 0},
    {"handler", 0, in_handler, SYS_pause, "\"wait_here\",\"handler\",\"in_handler\",\"run\"", 0, 0},
    {"altstack", 0, in_handler_on_other_stack, SYS_pause,
     "\"wait_here\",\"handler\",\"in_handler_on_other_stack\",\"run\"", 0, 0},
    {"fault", 0, in_fault_handler, SYS_pause,
     "\"wait_here\",\"handler\",\"write_at_entry\",\"in_fault_handler\",\"run\"", 0, 0},
    {"no-fde-fp", 0, below_frame_pointer, SYS_pause,
     "\"wait_here\",\"frame_pointer_only\",\"below_frame_pointer\",\"run\"", 0, 0},
    {"no-fde", 0, below_nothing, SYS_pause,
     "\"wait_here\",\"no_frame_information\",\"below_nothing\",\"run\"", 0, 0},
    {"a) S (\x1b[31m\n", "a) S (\\u001b[31m\\u000a", wait_here, SYS_pause,
     "\"wait_here\",\"run\"", 0, 0},
    {"\"\\\t\x7f\r", "\\\"\\\\\\u0009\\u007f\\u000d", wait_here, SYS_pause,
     "\"wait_here\",\"run\"", 0, 0},
    {"\xff\xfe\xc3(", "", wait_here, SYS_pause, "\"wait_here\",\"run\"", 0, 0},
    {"", 0, wait_here, SYS_pause, "\"wait_here\",\"run\"", 0, 0},
};

enum { thread_count = sizeof threads / sizeof threads[0] };

static void *run(void *argument) {
    struct thread *thread = argument;
    pthread_setname_np(pthread_self(), thread->name);
    thread->tid = gettid();
    thread->body();
    touched = 1;
    return NULL;
}

static bool is_parked(const struct thread *thread) {
    if (!thread->tid) return false;
    if (thread->body == deep && !is_deep) return false;
    return thread->system_call == spinning || fixture_is_in(thread->tid, thread->system_call);
}

static void describe(const struct thread *thread) {
    printf("{\"thread\":{\"tid\":%d,", (int)thread->tid);
    // Bytes that are no text have no place in JSON: their hexadecimal digits are what is certain.
    const char *written = thread->written ? thread->written : thread->name;
    if (*written || !*thread->name) printf("\"name\":\"%s\",", written);
    printf("\"nameBytes\":\"");
    for (const char *byte = thread->name; *byte; byte++) printf("%02x", (unsigned char)*byte);
    printf("\",");
    if (thread->system_call != spinning) printf("\"syscall\":%ld,", thread->system_call);
    if (thread->count) printf("\"repeats\":{\"frame\":1,\"count\":%d},", thread->count);
    printf("\"stack\":[%s]}}\n", thread->stack);
}

int main(void) {
    fixture_bound();
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16 << 20);
    for (int i = 0; i < thread_count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, run, &threads[i]))
            fixture_fail("pthread_create");
    }
    for (int i = 0; i < thread_count; i++) {
        while (!is_parked(&threads[i])) usleep(1000);
    }
    printf("{\"thread\":{\"tid\":%d,\"name\":\"NativeThreads\",\"stack\":[\"main\"]}}\n", gettid());
    for (int i = 0; i < thread_count; i++) describe(&threads[i]);
    printf("{\"threads\":%d}\n{\"tasks\":0}\n", thread_count + 1);
    fixture_converse(NULL);
}
