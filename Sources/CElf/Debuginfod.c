#include "Debuginfod.h"

#include "CSandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// elfutils/debuginfod.h
typedef void *(*begin_function)(void);
typedef int (*find_function)(void *client, const unsigned char *id, int size, char **path);

// What the process that asks writes: the answer's path or, after a failure, a reason.
static _Noreturn void say(int output, const char *text, int status) {
    size_t length = strlen(text);
    _exit(write(output, text, length) == (ssize_t)length ? status : EIO);
}

static void ask_library(const char *digits, int output) {
    // A static program has no linker to load it with.
    if (getauxval(AT_BASE) == 0) return;
    void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return;
    begin_function begin = (begin_function)dlsym(library, "debuginfod_begin");
    find_function find = (find_function)dlsym(library, "debuginfod_find_debuginfo");
    void *client = begin != NULL && find != NULL ? begin() : NULL;
    if (client == NULL) return;
    char *path = NULL;
    // A size of 0 says that the ID is in hexadecimal digits.
    int file = find(client, (const unsigned char *)digits, 0, &path);
    if (file >= 0 && path != NULL) say(output, path, 0);
    say(output, strerror(-file), -file == ENOENT ? ENOENT : EIO);
}

static _Noreturn void ask(const char *digits, int output) {
    sigset_t signals;
    sigemptyset(&signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    // What the library says of its progress is not for our users: it goes nowhere.
    ask_library(digits, output);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execlp("debuginfod-find", "debuginfod-find", "debuginfo", digits, (char *)NULL);
    say(output, "neither libdebuginfod nor debuginfod-find is installed", ENOSYS);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// Reads to the end, or as much as there is room for. ETIMEDOUT where that takes too long.
static int read_answer(int input, int64_t deadline, char *text, size_t capacity) {
    size_t length = 0;
    for (;;) {
        int64_t left = (deadline - now()) / 1000000;
        struct pollfd poller = {.fd = input, .events = POLLIN};
        int ready = left <= 0 ? 0 : poll(&poller, 1, left > 1000 ? 1000 : (int)left);
        if (ready < 0 && errno != EINTR) return errno;
        if (left <= 0) return ETIMEDOUT;
        if (ready <= 0) continue;
        ssize_t count = read(input, text + length, capacity - 1 - length);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        length += (size_t)count;
        text[length] = 0;
        if (count == 0 || length == capacity - 1) return 0;
    }
}

int ce_find_debug_file(const char *digits, uint32_t milliseconds, char *answer,
                       size_t capacity) {
    answer[0] = 0;
    if (milliseconds == 0) return ETIMEDOUT;
    int64_t deadline = sb_deadline(milliseconds);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    // It needs the user's cache and network, and reads nothing of the target's.
    sb_rules rules = {.kept = &ends[1], .kept_count = 1, .keeps_privileges = 1};
    pid_t child = sb_fork(&rules);
    if (child == 0) ask(digits, ends[1]);
    int failure = child < 0 ? -child : 0;
    close(ends[1]);
    if (child > 0) {
        failure = read_answer(ends[0], deadline, answer, capacity);
        if (failure != 0) kill(child, SIGKILL);
        int status = 0;
        int end = sb_wait(child, deadline, &status);
        if (failure == 0) failure = end;
        answer[strcspn(answer, "\n")] = 0;
        if (failure == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            int code = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
            // The program says why in words only.
            if (code == ENOENT || strstr(answer, strerror(ENOENT)) != NULL) failure = ENOENT;
            else failure = code == ENOSYS ? ENOSYS : EIO;
        }
    }
    close(ends[0]);
    return failure;
}
