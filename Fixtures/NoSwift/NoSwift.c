// A plain C program with two threads: nothing of Swift in it.
#include "../Support/fixture.h"

static volatile pid_t worker_tid;

__attribute__((noinline)) static void wait_for_nothing(void) {
    for (;;) pause();
}

static void *worker(void *unused) {
    pthread_setname_np(pthread_self(), "worker");
    worker_tid = gettid();
    wait_for_nothing();
    return unused;
}

int main(void) {
    fixture_bound();
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, NULL)) fixture_fail("pthread_create");
    while (!worker_tid || !fixture_is_in(worker_tid, SYS_pause)) usleep(1000);
    printf("{\"thread\":{\"tid\":%d,\"name\":\"NoSwift\",\"stack\":[\"main\"]}}\n", gettid());
    printf("{\"thread\":{\"tid\":%d,\"name\":\"worker\",\"syscall\":%d,"
           "\"stack\":[\"wait_for_nothing\",\"worker\"]}}\n", (int)worker_tid, SYS_pause);
    printf("{\"threads\":2}\n{\"tasks\":0}\n");
    fixture_converse(NULL);
}
