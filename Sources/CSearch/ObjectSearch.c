#include "ObjectSearch.h"

static inline int is_alive(uint64_t counts, const cs_reference_counts *layout) {
    if (counts & layout->is_slow)
        return (counts & layout->side_table) == layout->side_table || counts == layout->immortal;
    const uint64_t unowned = (counts & layout->unowned) >> layout->unowned_shift;
    return (counts & layout->is_pure) && !(counts & layout->is_deiniting)
        && unowned - 1 < layout->most_unowned;
}

size_t cs_object_slot(uint64_t word) {
    return (size_t)((word >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 50);
}

size_t cs_find_objects(
    const uint64_t *words, size_t count, uint64_t wanted, const uint64_t *rejected,
    cs_reference_counts counts, size_t *out, size_t capacity) {
    size_t found = 0;
    for (size_t index = 0; index + 1 < count && found < capacity; index += 2) {
        const uint64_t word = words[index];
        // No page of the lowest 4096 bytes is ever mapped, and none of the upper half.
        if ((word & 7) || word - 4096 >= (UINT64_C(1) << 47)) continue;
        if (word != wanted
            && (!is_alive(words[index + 1], &counts) || rejected[cs_object_slot(word)] == word))
            continue;
        out[found++] = index;
    }
    return found;
}
