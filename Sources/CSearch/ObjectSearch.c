#include "ObjectSearch.h"

// Reference counts as InlineRefCounts has them (stdlib/public/SwiftShims/swift/shims/RefCount.h):
// bit 0 pure Swift, 1-31 unowned count, 32 deiniting, 33-62 strong extra, 63 slow. Slow with bit 62
// is a side table; all unowned bits with slow is an immortal object.
static inline int is_alive(uint64_t counts) {
    const uint64_t immortal = UINT64_C(0x80000004ffffffff);
    const uint64_t deiniting = UINT64_C(1) << 32;
    if (counts >> 63) return counts >> 62 == 3 || counts == immortal;
    // Nobody has a million unowned references; without this, any text would do.
    const uint64_t unowned = (counts >> 1) & 0x7fffffff;
    return (counts & 1) && !(counts & deiniting) && unowned - 1 < (UINT64_C(1) << 20);
}

size_t cs_object_slot(uint64_t word) {
    return (size_t)((word >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 50);
}

size_t cs_find_objects(
    const uint64_t *words, size_t count, uint64_t wanted, const uint64_t *rejected, size_t *out,
    size_t capacity) {
    size_t found = 0;
    for (size_t index = 0; index + 1 < count && found < capacity; index += 2) {
        const uint64_t word = words[index];
        // No page of the lowest 4096 bytes is ever mapped, and none of the upper half.
        if ((word & 7) || word - 4096 >= (UINT64_C(1) << 47)) continue;
        if (word != wanted
            && (!is_alive(words[index + 1]) || rejected[cs_object_slot(word)] == word))
            continue;
        out[found++] = index;
    }
    return found;
}
