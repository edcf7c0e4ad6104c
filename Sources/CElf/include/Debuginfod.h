#ifndef DEBUGINFOD_H
#define DEBUGINFOD_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Asks the debuginfod servers that the environment names (DEBUGINFOD_URLS; debuginfod-find(1)) for
// the debug file of a build ID in hexadecimal digits, through libdebuginfod if it can be loaded,
// else through the program debuginfod-find. That happens in a process of its own, which is ended
// after so many milliseconds. Returns 0 and the path of a file in `answer`; or ENOENT where no
// server has one, ETIMEDOUT, ENOSYS where there is nobody to ask through, EIO where asking failed:
// then `answer` may say why. Never leaves `answer` without an end. `capacity` is at least 1.
int ce_find_debug_file(const char *digits, uint32_t milliseconds, char *answer, size_t capacity);

#pragma clang assume_nonnull end
#endif
