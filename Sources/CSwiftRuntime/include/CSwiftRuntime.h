#ifndef CSWIFTRUNTIME_H
#define CSWIFTRUNTIME_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Functions of libswiftCore that Swift code cannot name. Both return a malloc'd string that the
// caller frees, or null where `name` is no mangled name that they know.

// The simplified form that the toolchain's own backtraces show, e.g. `Bank.withdraw(_:)`. Runtime
// SPI (swift/Demangling, Backtrace.cpp): test it before use, it may be gone in a later runtime.
char *_Nullable _swift_backtrace_demangle(
    const char *name, size_t length, char *_Nullable buffer, size_t *_Nullable bufferSize);

// The full form. `flags` must be 0: anything else aborts.
char *_Nullable swift_demangle(
    const char *name, size_t length, char *_Nullable buffer, size_t *_Nullable bufferSize,
    uint32_t flags);

#pragma clang assume_nonnull end
#endif
