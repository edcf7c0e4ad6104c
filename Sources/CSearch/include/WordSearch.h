#ifndef CSEARCH_WORDSEARCH_H
#define CSEARCH_WORDSEARCH_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Writes into `out` the indices of the first `capacity` words equal to `value`, in order, and
// returns how many it wrote. A full `out` means that there may be more behind the last of them.
size_t cs_find_word(
    const uint64_t *words, size_t count, uint64_t value, size_t *out, size_t capacity);

#pragma clang assume_nonnull end
#endif
