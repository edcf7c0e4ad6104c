#ifndef CELF_H
#define CELF_H

// libelf and libdw are used as they are: their functions take plain values and pointers, which
// Swift can call. Only what needs a signal handler is written here.
#if !__has_include(<elfutils/libdw.h>) || !__has_include(<libelf.h>)
#error "asyncattach needs elfutils: apt-get install libdw-dev libelf-dev"
#elif !__has_include(<bzlib.h>)
#error "asyncattach links libbz2, which libdw needs: apt-get install libbz2-dev"
#endif
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

#include "Debuginfod.h"

#pragma clang assume_nonnull begin

// Maps the first `size` bytes of the regular file behind `descriptor` for reading, privately, and
// stores where. A page that the file loses afterwards (somebody cut it) reads as zeroes instead of
// ending this process with SIGBUS: for that, the first call installs a process-wide handler, which
// passes every other SIGBUS on to what was installed before it. Returns 0, or an errno value: then
// nothing is mapped; ENOSPC where too many files are mapped at once. The caller ends the mapping
// with `ce_unmap_file`. The descriptor may be closed.
int ce_map_file(int descriptor, size_t size, const void *_Nullable *_Nonnull base);

// Ends a mapping made by `ce_map_file`, given the same base and size.
void ce_unmap_file(const void *base, size_t size);

// How many lost pages of a mapping made by `ce_map_file` were replaced by zeroes.
uint64_t ce_lost_page_count(const void *base);

#pragma clang assume_nonnull end
#endif
