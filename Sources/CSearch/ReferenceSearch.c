#include "ReferenceSearch.h"

#include <string.h>

size_t cs_find_packed_references(
    const void *bytes, size_t from, size_t size, const uint64_t *blocks, size_t *out,
    size_t capacity) {
    const unsigned char *start = bytes;
    size_t found = 0;
    for (size_t offset = from; offset + 8 <= size && found < capacity; offset++) {
        uint64_t word;
        if (offset % 4 == 0) continue;
        memcpy(&word, start + offset, sizeof word);
        const uint64_t block = (word >> 26) & 4095;
        if (word >> 48 == 0 && blocks[block >> 6] >> (block & 63) & 1) out[found++] = offset;
    }
    return found;
}

size_t cs_find_references(
    const void *bytes, size_t from, size_t size, const uint64_t *blocks, size_t *out,
    size_t capacity) {
    const unsigned char *start = bytes;
    size_t found = 0;
    for (size_t offset = from; offset + 8 <= size && found < capacity; offset += 4) {
        uint64_t word;
        memcpy(&word, start + offset, sizeof word);
        const uint64_t block = (word >> 26) & 4095;
        if (blocks[block >> 6] >> (block & 63) & 1) out[found++] = offset;
    }
    return found;
}
