// A thread, never the first one, has the process execute itself again and again. The argument
// counts how often that has happened.
#include <poll.h>

#include "../Support/fixture.h"

static unsigned long generation, pings;

// Nothing may be read ahead of an exec: one byte at a time.
static void answer(void) {
    static char line[64];
    static size_t length;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    while (length || poll(&input, 1, 0) > 0) {
        ssize_t count = read(0, line + length, 1);
        if (count == 1 && line[length] != '\n') {
            length = (length + 1) % sizeof line;
            continue;
        }
        line[length] = 0;
        if (count <= 0 || !strcmp(line, "exit")) {
            printf("{\"result\":{\"execs\":%lu}}\n", generation);
            fflush(stdout);
            _exit(0);
        }
        if (!strcmp(line, "ping")) printf("{\"pong\":%lu}\n", ++pings);
        fflush(stdout);
        length = 0;
    }
}

static void *execute_again(void *unused) {
    pthread_setname_np(pthread_self(), "executor");
    usleep(2000);
    answer();
    char next[32], pinged[32];
    snprintf(next, sizeof next, "%lu", generation + 1);
    snprintf(pinged, sizeof pinged, "%lu", pings);
    char *arguments[] = {"ExecLoop", next, pinged, NULL};
    execv("/proc/self/exe", arguments);
    fixture_fail("execv");
    return unused;
}

int main(int count, char **arguments) {
    if (count > 2) {
        // The alarm of the first generation is still running: it outlives an exec.
        generation = strtoul(arguments[1], NULL, 10);
        pings = strtoul(arguments[2], NULL, 10);
    } else {
        fixture_bound();
        printf("{\"tasks\":0}\n");
    }
    if (generation == 1) {
        printf("{\"ready\":true,\"pid\":%d}\n", getpid());
        fflush(stdout);
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, execute_again, NULL)) fixture_fail("pthread_create");
    for (;;) pause();
}
