// flags: -O2 -g0 -fno-asynchronous-unwind-tables -fno-unwind-tables -fomit-frame-pointer
#include "native.h"

static volatile int done;

void no_frame_information(void (*wait)(void)) {
    volatile char space[200];
    space[0] = 1;
    wait();
    done = space[0];
}
