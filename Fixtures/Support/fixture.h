// What a fixture written in C needs: the same conversation as FixtureSupport.swift holds.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Bounds the life of the process, so that no fixture outlives the test that forgot it.
static inline void fixture_bound(void) {
    const char *seconds = getenv("FIXTURE_ALARM");
    alarm(seconds ? (unsigned)atoi(seconds) : 300);
    signal(SIGTTIN, SIG_IGN);
}

/// Ends the fixture because it could not reach the state that it promises.
static inline void fixture_fail(const char *reason) {
    printf("{\"failed\":\"%s\"}\n", reason);
    fflush(stdout);
    _exit(1);
}

/// One word of a file of a thread in /proc, after the last character `after` (0 for the start).
static inline bool fixture_read(pid_t tid, const char *file, char after, char *word, size_t size) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", (int)tid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0) return false;
    text[count] = 0;
    const char *start = after ? strrchr(text, after) : text - 1;
    if (!start) return false;
    start += after ? 2 : 1;
    size_t length = strcspn(start, " \n");
    if (length >= size) return false;
    memcpy(word, start, length);
    word[length] = 0;
    return true;
}

/// The kernel's letter for what a thread is doing, 0 if there is no such thread.
static inline char fixture_state(pid_t tid) {
    char word[32];
    return fixture_read(tid, "stat", ')', word, sizeof word) ? word[0] : 0;
}

/// Whether a thread is blocked in a system call.
static inline bool fixture_is_in(pid_t tid, long system_call) {
    char word[32];
    return fixture_read(tid, "syscall", 0, word, sizeof word) && word[0] != 'r' &&
           atol(word) == system_call;
}

/// Prints `ready` and answers stdin until `exit` or its end; `result` prints what comes last.
static inline void fixture_converse(void (*result)(void)) {
    printf("{\"ready\":true,\"pid\":%d}\n", (int)getpid());
    fflush(stdout);
    char line[256];
    for (int pings = 0; fgets(line, sizeof line, stdin);) {
        if (!strcmp(line, "exit\n")) goto end;
        if (!strcmp(line, "ping\n")) printf("{\"pong\":%d}\n", ++pings);
        fflush(stdout);
    }
    // Nobody to talk to (started by hand in the background) is not the end of a conversation.
    struct stat status;
    bool is_null = !fstat(0, &status) && S_ISCHR(status.st_mode) && status.st_rdev == 0x103;
    while (is_null || (ferror(stdin) && errno == EIO)) pause();
end:
    if (result) result();
    fflush(stdout);
    _exit(0);
}
