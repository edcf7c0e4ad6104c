// Threads that come and go without stop, a few at a time (the argument, 8 by default).
#include "../Support/fixture.h"

static volatile unsigned long created, ended;

static void *brief(void *unused) {
    volatile unsigned sum = 0;
    for (unsigned i = 0; i < 20000; i++) sum += i;
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    return unused;
}

static void *breed(void *limit) {
    pthread_setname_np(pthread_self(), "breeder");
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    for (;;) {
        if (created - __atomic_load_n(&ended, __ATOMIC_SEQ_CST) >= (unsigned long)limit) {
            sched_yield();
            continue;
        }
        pthread_t thread;
        if (!pthread_create(&thread, &attributes, brief, NULL)) created++;
    }
}

static void result(void) {
    printf("{\"result\":{\"created\":%lu,\"ended\":%lu}}\n", created, ended);
}

int main(int count, char **arguments) {
    fixture_bound();
    unsigned long limit = count > 1 ? strtoul(arguments[1], NULL, 10) : 8;
    pthread_t thread;
    if (pthread_create(&thread, NULL, breed, (void *)limit)) fixture_fail("pthread_create");
    while (__atomic_load_n(&ended, __ATOMIC_SEQ_CST) < 100) usleep(1000);
    printf("{\"thread\":{\"tid\":%d,\"name\":\"Churn\"}}\n{\"tasks\":0}\n", gettid());
    fixture_converse(result);
}
