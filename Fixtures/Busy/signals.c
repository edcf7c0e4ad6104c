#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static unsigned long handled, sum;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    __atomic_add_fetch(&sum, (unsigned long)info->si_value.sival_ptr, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

void busy_install_handler(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGRTMIN, &action, 0);
}

int busy_send_signal(long value) {
    union sigval carried = {.sival_ptr = (void *)value};
    return sigqueue(getpid(), SIGRTMIN, carried) == 0;
}

unsigned long busy_signals_handled(void) { return __atomic_load_n(&handled, __ATOMIC_SEQ_CST); }
unsigned long busy_signals_sum(void) { return __atomic_load_n(&sum, __ATOMIC_SEQ_CST); }

void busy_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, 0);
}
