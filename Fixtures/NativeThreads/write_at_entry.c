// flags: -O2 -fomit-frame-pointer
#include "native.h"

void write_at_entry(volatile int *where) { *where = 1; }
