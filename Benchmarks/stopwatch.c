// Runs a program and writes one line of JSON to file descriptor 3: how long it took from before
// the fork until it was reaped, its processor time, its largest resident set, how it ended.
//
// A program of its own because the kernel counts the resident set of whoever called exec as the
// start of the peak (getrusage(2)), and a script interpreter is larger than what we measure.

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t nanoseconds(struct timeval time) {
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: stopwatch PROGRAM [ARGUMENT…] 3>FILE\n");
        return 64;
    }
    int64_t begin = now();
    pid_t pid = vfork();
    if (pid == 0) {
        close(3);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0) {
        fprintf(stderr, "stopwatch: %s\n", strerror(errno));
        return 70;
    }
    int status;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return 70;
    int64_t end = now();
    dprintf(3,
            "{\"wall\": %" PRId64 ", \"processor\": %" PRId64
            ", \"peakKibibytes\": %ld, \"status\": %d}\n",
            end - begin, nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
            usage.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return 0;
}
