// flags: -fno-optimize-sibling-calls
#include <unistd.h>

#include "native.h"

namespace native {

static volatile long blocked;

class Reader {
  public:
    __attribute__((noinline)) void wait(int end) {
        char byte;
        for (;;) blocked = read(end, &byte, 1);
    }
};

}  // namespace native

void cpp_block(void) {
    int ends[2];
    if (pipe(ends)) return;
    native::Reader().wait(ends[0]);
    native::blocked = 0;
}
