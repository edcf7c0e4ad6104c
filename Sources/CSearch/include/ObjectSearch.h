#ifndef CSEARCH_OBJECTSEARCH_H
#define CSEARCH_OBJECTSEARCH_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// How many words `rejected` has.
enum { CS_OBJECT_SLOTS = 16384 };

// The slot of a word in `rejected`.
size_t cs_object_slot(uint64_t word);

// How the word of reference counts is made; see ReferenceCounts in AttachCore/Layouts. `side_table`
// includes `is_slow`.
typedef struct {
    uint64_t is_pure, unowned, unowned_shift, most_unowned;
    uint64_t is_deiniting, is_slow, side_table, immortal;
} cs_reference_counts;

// Writes into `out` the indices of the first `capacity` even words that may begin a Swift object:
// the address of its class, and then the reference counts of a living one. Returns how many it
// wrote; a full `out` means that there may be more behind the last of them.
//
// A class that stands in its slot of `rejected` is passed over; `wanted` counts whatever follows.
size_t cs_find_objects(
    const uint64_t *words, size_t count, uint64_t wanted, const uint64_t *rejected,
    cs_reference_counts counts, size_t *out, size_t capacity);

#pragma clang assume_nonnull end

#endif
