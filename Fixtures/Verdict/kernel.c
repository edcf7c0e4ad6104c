#include "kernel.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int kernel_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int kernel_epoll(int input, void *data) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, input, &event) != 0) return -1;
    return epoll;
}

void *kernel_epoll_wait(int epoll) {
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, -1) == 1 ? event.data.ptr : 0;
}

void kernel_take_elsewhere(pthread_mutex_t *lock) {
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(300);
        pthread_mutex_lock(lock);
        for (;;) pause();
    }
    waitpid(child, 0, 0);
}
