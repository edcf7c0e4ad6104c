#include "WordSearch.h"

#include <wchar.h>

// libc compares 32-bit units with the widest instructions that the machine has, and does so in a
// debug build of ours, too; a unit that matches is then looked at as half of a word.
_Static_assert(sizeof(wchar_t) == 4, "wmemchr must compare 32-bit units");

size_t cs_find_word(
    const uint64_t *words, size_t count, uint64_t value, size_t *out, size_t capacity) {
    const wchar_t *units = (const wchar_t *)(const void *)words;
    const wchar_t wanted = (wchar_t)(uint32_t)value;
    size_t found = 0;
    size_t index = 0;
    while (index < count && found < capacity) {
        const wchar_t *hit = wmemchr(units + 2 * index, wanted, 2 * (count - index));
        if (!hit) break;
        // A hit in the upper half of a word says nothing of its lower half, which lies before it.
        index = (size_t)(hit - units) / 2;
        if (words[index] == value) out[found++] = index;
        index++;
    }
    return found;
}
