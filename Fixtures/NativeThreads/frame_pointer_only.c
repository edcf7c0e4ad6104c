// flags: -O2 -g0 -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-omit-frame-pointer
#include "native.h"

static volatile int done;

void frame_pointer_only(void (*wait)(void)) {
    wait();
    done = 1;
}
