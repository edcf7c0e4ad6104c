// Programs that cost whoever looks at them a lot, and measure how long they stood:
//   threads N          N threads that wait
//   epolls N MEMBERS   N epolls with so many members each
// `gap` answers with the longest time between two looks at the clock, in nanoseconds; `reset`
// forgets it.
#include "../Support/fixture.h"

#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>

static atomic_llong longest;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void *beat(void *unused) {
    pthread_setname_np(pthread_self(), "heart");
    for (long long last = now();;) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        long long time = now();
        if (time - last > longest) longest = time - last;
        last = time;
    }
    return unused;
}

static void *wait_forever(void *unused) {
    for (;;) pause();
    return unused;
}

static void start(void *(*body)(void *)) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, body, NULL)) fixture_fail("pthread_create");
}

static void make_epolls(int count, int members) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int *files = calloc((size_t)members, sizeof *files);
    if (!files) fixture_fail("calloc");
    for (int i = 0; i < members; i++) files[i] = eventfd(0, 0);
    for (int i = 0; i < count; i++) {
        int epoll = epoll_create1(0);
        for (int j = 0; j < members; j++) {
            struct epoll_event event = {.events = EPOLLIN, .data.u64 = (unsigned)j};
            if (epoll_ctl(epoll, EPOLL_CTL_ADD, files[j], &event)) fixture_fail("epoll_ctl");
        }
    }
}

int main(int count, char **arguments) {
    fixture_bound();
    const char *mode = count > 1 ? arguments[1] : "";
    int number = count > 2 ? atoi(arguments[2]) : 0;
    if (!strcmp(mode, "threads"))
        for (int i = 0; i < number; i++) start(wait_forever);
    else if (!strcmp(mode, "epolls"))
        make_epolls(number, count > 3 ? atoi(arguments[3]) : 0);
    else
        fixture_fail("no such mode");
    start(beat);
    printf("{\"thread\":{\"tid\":%d,\"name\":\"Hostile\"}}\n{\"tasks\":0}\n", gettid());
    printf("{\"ready\":true,\"pid\":%d}\n", (int)getpid());
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (!strcmp(line, "reset\n")) longest = 0;
        printf("{\"gap\":%lld}\n", (long long)longest);
        fflush(stdout);
    }
    for (;;) pause();
}
