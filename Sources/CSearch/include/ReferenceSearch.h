#ifndef CSEARCH_REFERENCE_SEARCH_H
#define CSEARCH_REFERENCE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Words of a table with a bit for each block of 64 MiB, by the address modulo 2^38.
#define CS_BLOCK_WORDS 64

/// Finds what may be a pointer into one of the blocks: 64-bit words at every fourth byte, since
/// packed structures such as `epoll_event` hold pointers there. The 16 highest bits, in which
/// programs keep marks, do not count.
///
/// Returns how many offsets were written to `out`; there may be more behind the last one if that
/// is `capacity`.
size_t cs_find_references(
    const void *bytes, size_t from, size_t size, const uint64_t *blocks, size_t *out,
    size_t capacity);

/// The same at the bytes in between, without marks in the 16 highest bits. `bytes` lies at a
/// multiple of four.
size_t cs_find_packed_references(
    const void *bytes, size_t from, size_t size, const uint64_t *blocks, size_t *out,
    size_t capacity);

#pragma clang assume_nonnull end
#endif
