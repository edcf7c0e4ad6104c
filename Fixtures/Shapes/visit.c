// flags: -fno-optimize-sibling-calls
#include "native.h"

static volatile int visits;

void c_visit(void (*visitor)(void *), void *context) {
    visitor(context);
    visits++;
}
