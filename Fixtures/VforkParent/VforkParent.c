// A thread that waits in vfork, uninterruptibly, for a child that neither ends nor executes.
#include <sys/prctl.h>

#include "../Support/fixture.h"

static volatile pid_t parent_tid, child_pid;

__attribute__((noinline)) static void give_birth(void) {
    pid_t child = vfork();
    if (child) return;
    // In the child, on borrowed memory: system calls only. It ends with its parent.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    child_pid = getpid();
    for (;;) pause();
}

static void *parent(void *unused) {
    pthread_setname_np(pthread_self(), "vforking");
    parent_tid = gettid();
    give_birth();
    return unused;
}

int main(void) {
    fixture_bound();
    pthread_t thread;
    if (pthread_create(&thread, NULL, parent, NULL)) fixture_fail("pthread_create");
    while (!child_pid || fixture_state(parent_tid) != 'D') usleep(1000);
    printf("{\"thread\":{\"tid\":%d,\"name\":\"VforkParent\",\"stack\":[\"main\"]}}\n", gettid());
    printf("{\"thread\":{\"tid\":%d,\"name\":\"vforking\",\"state\":\"D\","
           "\"stack\":[\"give_birth\",\"parent\"]}}\n", (int)parent_tid);
    printf("{\"threads\":2}\n{\"child\":{\"pid\":%d}}\n{\"tasks\":0}\n", (int)child_pid);
    fixture_converse(NULL);
}
